import { placeOf, whatIsWrong } from "../../../../cli/backend/s3";

const place = (text: string) => placeOf(new URL(text));
const NONE = { forcePathStyle: false, useDualstackEndpoint: false, useFipsEndpoint: false };

describe("the bucket of an address", () => {
  test("is Amazon's where nothing else is said, with the environment's region and credentials", () => {
    expect(place("s3://states")).toEqual({ bucket: "states", prefix: "", client: NONE });
    expect(place("s3://states/team/ralex/?region=eu-west-1&profile=release&awssdk=v2&kmskeyid=k")).toEqual({
      bucket: "states",
      prefix: "team/ralex/",
      client: { ...NONE, region: "eu-west-1", profile: "release" },
    });
  });

  test("is another server's by its endpoint, with the bucket in the path where that is said by either name", () => {
    for (const name of ["s3ForcePathStyle", "use_path_style"]) {
      expect(place(`s3://states?endpoint=http://127.0.0.1:7070&region=us-east-1&${name}=true`).client).toEqual({
        ...{ ...NONE, forcePathStyle: true },
        ...{ endpoint: "http://127.0.0.1:7070", region: "us-east-1" },
      });
    }
    expect(place("s3://states?endpoint=minio:9000&disable_https=true").client.endpoint).toBe("http://minio:9000");
    expect(place("s3://states?endpoint=minio:9000").client.endpoint).toBe("https://minio:9000");
    expect(place("s3://states?disable_https=true").client).toEqual({ ...NONE, tls: false });
  });

  test.each([
    ["s3://states?role=arn:aws:iam::1:role/x", /role is not understood.*profile of ~\/\.aws\/config/],
    ["s3://states?regoin=x&endpiont=y", /regoin, endpiont is not understood/],
    ["s3:///states", /it names no bucket/],
  ])("%s is refused, since it would lead elsewhere than Pulumi goes", (text, reason) => {
    expect(() => place(text)).toThrow(reason);
  });
});

describe("what is wrong with a bucket is said with what to do", () => {
  const error = (name: string, message = "", more: object = {}) => Object.assign(new Error(message), { name, ...more });
  const status = (httpStatusCode: number) => ({ $metadata: { httpStatusCode } });
  test.each<[string, Parameters<typeof whatIsWrong>[0], RegExp]>([
    ["no bucket", error("NoSuchBucket", "", status(404)), /make the bucket, or correct PULUMI_BACKEND_URL/],
    [
      "no credentials",
      error("CredentialsProviderError"),
      /AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE/,
    ],
    ["no region", error("Error", "Region is missing"), /AWS_REGION/],
    ["a refusal", error("AccessDenied", "", status(403)), /refuses \(AccessDenied\).*list, read and delete/],
    ["no answer", error("Error", "connect", { code: "ECONNREFUSED" }), /does not answer \(ECONNREFUSED: connect\)/],
  ])("%s", (_, problem, text) => {
    expect(whatIsWrong(problem)).toMatch(text);
  });
});
