/** A picture from the camera. */

import { notify } from "./notice.js";
import { openPicture } from "./pictures.js";

/** Show the camera in `dialog`, and open what is taken as A or B. */
export async function openCamera(dialog, slot) {
  const video = dialog.querySelector("video");
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user" } });
  } catch {
    notify("The camera cannot be used: allow it for this page, or open a picture file instead.", "error");
    return;
  }
  video.srcObject = stream;
  dialog.onclose = () => {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  };
  dialog.querySelector("[data-cancel]").onclick = () => dialog.close();
  dialog.querySelector("[data-take]").onclick = async () => {
    const picture = await takePicture(video);
    dialog.close();
    openPicture(slot, picture);
  };
  dialog.showModal();
}

function takePicture(video) {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
