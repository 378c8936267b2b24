// The pages of Contoso ID. They work without JavaScript and load nothing from anywhere.

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2430; --quiet: #535d6d; --paper: #eef0f6; --card: #fff; --edge: #7b8494;
  --mark: #5b3a8c; --on-mark: #fff; --bad: #9b2c1c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e9ecf3; --quiet: #aeb6c4; --paper: #14161d; --card: #20242e; --edge: #838c9c;
    --mark: #c4aaf0; --on-mark: #221238; --bad: #f0a396; }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 1rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 26rem; margin: 8vh auto 0; padding: 2rem 1.5rem; background: var(--card); border-radius: .75rem;
  border-top: 6px solid var(--mark); }
h1 { margin: 0 0 .25rem; font-size: 1.6rem; }
p { margin: .25rem 0 1.25rem; color: var(--quiet); overflow-wrap: anywhere; }
label { display: block; font-weight: 600; }
input { width: 100%; margin: .25rem 0 1rem; padding: .6rem .7rem; font: inherit; color: inherit; background: var(--card);
  border: 1px solid var(--edge); border-radius: .4rem; }
.bad { margin: .25rem 0 0; color: var(--bad); font-weight: 600; }
.row { display: flex; flex-wrap: wrap; gap: .75rem; }
button { padding: .6rem 1.2rem; font: inherit; font-weight: 600; border-radius: .4rem; border: 1px solid var(--mark);
  background: var(--mark); color: var(--on-mark); cursor: pointer; }
button.quiet { background: none; color: inherit; border-color: var(--edge); }
:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; }
`;

/** The text with everything that HTML reads as markup made harmless. */
export function plain(text) {
  return String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function page(title, main) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
${main}
</main>
</body>
</html>
`;
}

/**
 * Where a person says who they are. `address` fills the field; `signedIn` is who this browser knows already, or "";
 * `mistake` says why the page is shown again, or "".
 */
export function signInPage({ address, signedIn, mistake }) {
  const known = signedIn ? `You are signed in here as ${plain(signedIn)}. ` : '';
  return page(
    mistake ? 'Error: Contoso ID' : 'Contoso ID',
    `<h1>Contoso ID</h1>
<p>${known}Any address signs in: this provider is for trying things out, so it asks for no password.</p>
<form method="post">
<label for="address">Email address</label>
${mistake ? `<p class="bad" id="mistake">${plain(mistake)}</p>\n` : ''}<input id="address" name="address" \
autocomplete="username" inputmode="email" spellcheck="false" autocapitalize="none" value="${plain(address)}"\
${mistake ? ' aria-invalid="true" aria-describedby="mistake"' : ''}>
<div class="row">
<button>Continue</button>
<button class="quiet" name="press" value="cancel">Cancel</button>
</div>
</form>`,
  );
}

/** What could not be done. */
export function errorPage(said) {
  return page('Contoso ID: this did not work', `<h1>This did not work</h1>\n<p>${plain(said)}</p>`);
}
