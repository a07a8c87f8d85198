// Stands in for bowser, from which Pipecat's client tells the server which browser and system this is. Nobody here asks.

export default { parse: () => ({}) };
