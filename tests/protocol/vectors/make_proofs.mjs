// Makes the signed credentials beside it with Digital Bazaar's libraries, for tests/protocol/test_data_integrity.py.
// npm install @digitalbazaar/{vc@7.3.0,data-integrity@2.5.0,ecdsa-multikey@1.8.0,ed25519-multikey@1.3.1} \
//   @digitalbazaar/{ecdsa-rdfc-2019-cryptosuite@1.3.0,eddsa-jcs-2022-cryptosuite@1.0.0,ed25519-signature-2020@5.4.0} \
//   @digitalbazaar/ed25519-verification-key-2020@4.2.0 jsonld-signatures@11.6.0 && node make_proofs.mjs
import {readFileSync, writeFileSync} from 'node:fs';
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {Ed25519Signature2020} from '@digitalbazaar/ed25519-signature-2020';
import {Ed25519VerificationKey2020} from '@digitalbazaar/ed25519-verification-key-2020';
import {cryptosuite as ecdsaRdfc2019} from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import {createSignCryptosuite} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import jsigs from 'jsonld-signatures';

const CONTEXTS = new URL('../../../badgefed/protocol/contexts/', import.meta.url);
const INDEX = JSON.parse(readFileSync(new URL('index.json', CONTEXTS)));
const ISSUER = 'https://badges.example/issuers/1';
const DATE = '2026-03-12T10:30:00Z';
const V1 = 'https://www.w3.org/2018/credentials/v1';
const V2 = 'https://www.w3.org/ns/credentials/v2';
const OB = 'https://purl.imsglobal.org/spec/ob/v3p0/context';
const ED25519_2020 = 'https://w3id.org/security/suites/ed25519-2020/v1';

async function documentLoader(url) {
  if(!INDEX[url]) {
    throw new Error(`no context ${url}`);
  }
  const document = JSON.parse(readFileSync(new URL(INDEX[url].file, CONTEXTS)));
  return {contextUrl: null, documentUrl: url, document};
}

function makeCredential(contexts, dates) {
  return {
    '@context': contexts,
    id: 'urn:uuid:6b6cf1a4-6bc7-4a4e-a4be-2d1e9a8f7a11',
    type: ['VerifiableCredential', 'OpenBadgeCredential'],
    issuer: {id: ISSUER, type: ['Profile'], name: 'Makers of "things" \\ wörld'},
    ...dates,
    credentialSubject: {
      type: ['AchievementSubject'],
      identifier: ['a', 'b', 'c'].map(salt => ({
        type: 'IdentityObject', hashed: true, identityHash: `sha256$${salt.repeat(64)}`,
        identityType: 'emailAddress', salt
      })),
      achievement: {
        id: 'https://badges.example/achievements/1',
        type: ['Achievement'],
        name: 'Soldering',
        description: 'Knows how to solder.',
        criteria: {narrative: 'Solder something.\nThen show it.'},
        alignment: ['first', 'second', 'third'].map(targetName => ({
          type: ['Alignment'], targetName, targetUrl: 'https://frameworks.example/1'
        }))
      }
    }
  };
}

async function sign(name, credential, suite) {
  suite.date = DATE;
  const purpose = new jsigs.purposes.AssertionProofPurpose({date: new Date(DATE)});
  const signed = await jsigs.sign(credential, {suite, purpose, documentLoader});
  writeFileSync(new URL(`${name}.json`, import.meta.url), JSON.stringify(signed, null, 1) + '\n');
}

function named(key) {
  key.id = `${ISSUER}#${key.publicKeyMultibase}`;
  key.controller = ISSUER;
  return key;
}

const v2 = () => makeCredential([V2, `${OB}-3.0.3.json`], {validFrom: DATE});
const v1 = () => makeCredential([V1, `${OB}-3.0.1.json`, ED25519_2020], {issuanceDate: DATE});

for(const curve of ['P-256', 'P-384']) {
  const key = named(await EcdsaMultikey.generate({curve}));
  await sign(`ecdsa-rdfc-2019-${curve.toLowerCase()}`, v2(), new DataIntegrityProof({
    signer: key.signer(), cryptosuite: ecdsaRdfc2019
  }));
}
const jcsKey = named(await Ed25519Multikey.generate());
await sign('eddsa-jcs-2022', v2(), new DataIntegrityProof({
  signer: jcsKey.signer(), cryptosuite: createSignCryptosuite()
}));
const oldKey = named(await Ed25519VerificationKey2020.generate());
await sign('ed25519-signature-2020', v1(), new Ed25519Signature2020({key: oldKey}));
