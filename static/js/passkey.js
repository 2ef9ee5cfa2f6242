// Says on the page what the browser refused. The ceremony itself is allauth's webauthn.js.
document.addEventListener("allauth.error", (event) => {
  const place = document.getElementById("passkey_error");
  if (!place) return;
  const reason = event.detail.exception;
  place.textContent =
    reason.name === "SecurityError"
      ? "The browser refuses passkeys here. Open this site under its name, such as localhost, and over https."
      : `The passkey was not used: ${reason.message}`;
  place.hidden = false;
});
