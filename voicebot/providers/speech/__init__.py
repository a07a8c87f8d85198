"""What recognisers and voices share: segments, synthesis in time, text as a voice says it."""
