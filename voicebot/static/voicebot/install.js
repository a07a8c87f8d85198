var{serviceWorker:e}=navigator,r=document.querySelector("link[rel=manifest]")?.href??location.href,n=new URL("service-worker.js",r);addEventListener("load",()=>{e?.register(n).catch(()=>{})});
