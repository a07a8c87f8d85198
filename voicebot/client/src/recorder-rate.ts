// The rate at which the visitor is recorded and sent.

export const RECORDER_RATE_HZ = 16_000;
