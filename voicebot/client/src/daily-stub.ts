// Stands in for @daily-co/daily-js, which the transport's default media manager imports and which
// would load its call machine from a CDN. The stage uses WavMediaManager, so nothing here is called.

export default {};
