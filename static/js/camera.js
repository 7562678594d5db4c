/* A file field marked data-camera gets a button 拍照 where the browser has a camera: the picture becomes one more chosen file.
   Without a camera, without the script or on http the field works as it is; phones offer their camera by themselves. */
"use strict";
(() => {
  if (!navigator.mediaDevices?.getUserMedia || !window.DataTransfer) return;

  function element(name, words, about) {
    const made = Object.assign(document.createElement(name), about);
    if (words) made.textContent = words;
    return made;
  }

  async function photograph(input) {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment", width: { ideal: 2560 }, height: { ideal: 1440 } } });
    } catch {
      window.desk.say("这台电脑的摄像头用不了，请选文件");
      return;
    }
    const dialog = element("dialog", "", { className: "dlg shoot" }), video = element("video", "", { autoplay: true, muted: true, playsInline: true });
    const take = element("button", "拍一张", { type: "button", className: "btn btn-primary btn-lg" });
    const end = element("button", "拍好了", { type: "button", className: "btn btn-line btn-lg" }), acts = element("div", "", { className: "d-flex gap-3 mt-3" });
    dialog.setAttribute("aria-label", "拍照");
    video.srcObject = stream;
    acts.append(take, end);
    dialog.append(video, acts);
    document.body.append(dialog);
    dialog.addEventListener("close", () => { stream.getTracks().forEach((track) => track.stop()); dialog.remove(); });
    end.addEventListener("click", () => dialog.close());
    take.addEventListener("click", () => {
      const sheet = element("canvas", "", { width: video.videoWidth, height: video.videoHeight });
      sheet.getContext("2d").drawImage(video, 0, 0);
      sheet.toBlob((blob) => {
        if (!blob) return;
        const all = new DataTransfer();
        if (input.multiple) [...input.files].forEach((file) => all.items.add(file));
        all.items.add(new File([blob], `拍照 ${all.items.length + 1}.jpg`, { type: "image/jpeg" }));
        input.files = all.files;
        window.desk.say(`已拍 ${all.files.length} 张`);
        take.textContent = `再拍一张（已有 ${all.files.length}）`;
      }, "image/jpeg", 0.92);
    });
    dialog.showModal();
  }

  for (const input of document.querySelectorAll("input[type=file][data-camera]")) {
    const button = element("button", "拍照", { type: "button", className: "btn btn-line mt-2" });
    button.addEventListener("click", () => photograph(input));
    input.after(button);
  }
})();
