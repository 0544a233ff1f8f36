import { it } from "vitest";
import { offloadStudy } from "../lib/analyze/offload-study.js";
import { publishedOffloadModels } from "../lib/node/offload-models.js";
it("x",()=>{
 const t=performance.now(); const s=offloadStudy(publishedOffloadModels());
 console.log(performance.now()-t);
 for(const r of s.rows) console.log(r.model,JSON.stringify(r.predicted));
 for(const c of s.claims) console.log(c.verdict,"|",c.sentence,"|",c.finding);
 console.log(JSON.stringify(s.line,null,1)); console.log(JSON.stringify(s.whatIfs,null,0));
},60000);
