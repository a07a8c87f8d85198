var{serviceWorker:e}=navigator;addEventListener("load",()=>{e?.register("/service-worker.js").catch(()=>{})});
