// What Contoso ID keeps while it runs: sessions, sign-ins under way, codes and tokens. Nothing outlives the process.

const kept = new Map(); // "Model:id" -> { payload, until }
const lookups = new Map(); // "Model:uid:…" -> id

/** The storage that oidc-provider asks for, one for each of its models. */
export class Memory {
  constructor(model) {
    this.model = model;
  }

  async upsert(id, payload, expiresIn) {
    const until = expiresIn === undefined ? Infinity : Date.now() + expiresIn * 1000;
    kept.set(`${this.model}:${id}`, { payload, until });
    if (payload.uid) lookups.set(`${this.model}:uid:${payload.uid}`, id);
  }

  async find(id) {
    const found = kept.get(`${this.model}:${id}`);
    if (found && found.until <= Date.now()) {
      kept.delete(`${this.model}:${id}`);
      return undefined;
    }
    return found?.payload;
  }

  async findByUid(uid) {
    return this.find(lookups.get(`${this.model}:uid:${uid}`));
  }

  async findByUserCode() {
    return undefined; // only devices have user codes, and no device signs in here
  }

  async consume(id) {
    const payload = await this.find(id);
    if (payload) payload.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    const payload = await this.find(id);
    if (payload?.uid) lookups.delete(`${this.model}:uid:${payload.uid}`);
    kept.delete(`${this.model}:${id}`);
  }

  async revokeByGrantId(grantId) {
    for (const [key, { payload }] of kept) {
      if (payload.grantId === grantId) kept.delete(key);
    }
  }
}
