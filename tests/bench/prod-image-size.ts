import { imageSize } from "./support/image-size";

export const prodImageSize = imageSize("prod", 200);
