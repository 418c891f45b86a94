using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Hosting.Commands;

namespace S3Overlay.Proxy.Hosting.Demo;

/// <summary>What the demo says: five commands that work as they stand.</summary>
internal static class DemoLines
{
    /// <summary>The lines.</summary>
    /// <param name="endpoint">The overlay.</param>
    /// <param name="remote">The stand-in remote.</param>
    /// <param name="folder">Where both keep their data.</param>
    public static IEnumerable<string> For(string endpoint, string remote, string folder)
    {
        const string Bucket = SampleObjects.Bucket;
        var aws = $"AWS_ACCESS_KEY_ID={LocalOptions.DefaultKey} AWS_SECRET_ACCESS_KEY={LocalOptions.DefaultKey} AWS_DEFAULT_REGION=us-east-1 aws --endpoint-url";
        var curl = $"curl -s -o /dev/null -D - --aws-sigv4 aws:amz:us-east-1:s3 --user {LocalOptions.DefaultKey}:{LocalOptions.DefaultKey} -H x-amz-content-sha256:UNSIGNED-PAYLOAD";
        return
        [
            "",
            $"S3Overlay {VersionCommand.Version} shows {remote} (a stand-in remote, only ever read) on {endpoint}, with caching on.",
            $"Its data is in {folder}, and is made anew by the next demo. Paste these into another terminal:",
            "",
            "1. Read through: the object is the remote's.",
            $"   {aws} {endpoint} s3 cp s3://{Bucket}/hello.txt -",
            "",
            "2. A local write wins; the remote keeps its own.",
            $"   echo 'hello from here' | {aws} {endpoint} s3 cp - s3://{Bucket}/hello.txt; {aws} {endpoint} s3 cp s3://{Bucket}/hello.txt -; {aws} {remote} s3 cp s3://{Bucket}/hello.txt -",
            "",
            "3. A delete stays, and the remote still has the object.",
            $"   {aws} {endpoint} s3 rm s3://{Bucket}/photos/photo-1.jpg; {aws} {endpoint} s3 ls s3://{Bucket}/photos/; {aws} {remote} s3 ls s3://{Bucket}/photos/",
            "",
            "4. A range of a large object brings one chunk: MISS the first time, HIT the second.",
            $"   for i in 1 2; do {curl} -r 100000000-100000099 {endpoint}/{Bucket}/{SampleObjects.LargeKey} | grep -i -E '^(HTTP|content-range|x-cache|x-s3overlay-layer)'; done",
            "",
            "5. One listing of both layers: what you wrote and deleted, and the rest of the remote.",
            $"   {aws} {endpoint} s3 ls --recursive --human-readable s3://{Bucket}/",
            "",
            "Ctrl-C ends it.",
        ];
    }
}
