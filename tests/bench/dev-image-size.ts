import { imageSize } from "./support/image-size";

export const devImageSize = imageSize("dev", 450);
