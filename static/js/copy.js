// A button with data-copy="<id>" copies the text of that element; one with data-text="..." copies that text.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-text]");
  if (!button) return;
  const source = button.dataset.copy ? document.getElementById(button.dataset.copy) : button;
  const text = button.dataset.text ?? source.textContent.trim();
  try {
    await navigator.clipboard.writeText(text);
    const note = document.getElementById("announcer");
    if (note) note.textContent = "Copied";
    button.classList.add("copied");
    setTimeout(() => button.classList.remove("copied"), 1500);
    if (button.dataset.copy) button.textContent = "Copied";
  } catch {
    // Without a secure origin browsers refuse; the text is selected instead, ready for the keyboard.
    getSelection().selectAllChildren(source);
  }
});
