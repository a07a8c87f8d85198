"""What is made beforehand of published characters, so that no first visitor waits: indexes and greetings."""
