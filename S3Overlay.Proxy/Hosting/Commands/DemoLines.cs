using S3Overlay.Proxy.Configuration.Options;

namespace S3Overlay.Proxy.Hosting.Commands;

/// <summary>What the demo prints: commands to paste.</summary>
internal static class DemoLines
{
    /// <param name="endpoint">The overlay.</param>
    /// <param name="remote">The sample remote.</param>
    /// <param name="folder">Where both keep their data.</param>
    /// <param name="program">How a shell starts this program.</param>
    /// <param name="console">Where the web console is, or why not; null if it is turned off.</param>
    public static IEnumerable<string> For(string endpoint, string remote, string folder, string program, string? console)
    {
        const string Bucket = SampleObjects.Bucket;
        const string Aws = "aws --endpoint-url $OVERLAY s3";
        const string AwsRemote = "aws --endpoint-url $REMOTE s3";
        const string Curl = "curl -s -o /dev/null -D - --aws-sigv4 aws:amz:us-east-1:s3 "
            + "--user $AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY -H x-amz-content-sha256:UNSIGNED-PAYLOAD";
        const string At = "--endpoint $OVERLAY";
        return
        [
            "",
            $"S3Overlay {CommandLine.Version} shows {remote} (a sample remote, only ever read) on {endpoint}, with caching on.",
            $"Its data is in {folder}. The next demo starts afresh.",
            .. console is null ? Array.Empty<string>() : [$"The web console shows what it does: {console}"],
            "",
            "In another terminal, paste this once:",
            $"   export AWS_ACCESS_KEY_ID={LocalOptions.DefaultKey} AWS_SECRET_ACCESS_KEY={LocalOptions.DefaultKey} "
                + $"AWS_DEFAULT_REGION=us-east-1 OVERLAY={endpoint} REMOTE={remote}",
            "",
            "1. Read through: the object comes from the remote.",
            $"   {Aws} cp s3://{Bucket}/hello.txt -",
            "",
            "2. A local write wins. The remote keeps its own.",
            $"   echo 'hello from here' | {Aws} cp - s3://{Bucket}/hello.txt; {Aws} cp s3://{Bucket}/hello.txt -; "
                + $"{AwsRemote} cp s3://{Bucket}/hello.txt -",
            "",
            "3. A delete stays. The remote still has the object.",
            $"   {Aws} rm s3://{Bucket}/photos/photo-1.jpg; {Aws} ls s3://{Bucket}/photos/; {AwsRemote} ls s3://{Bucket}/photos/",
            "",
            "4. A range of a large object brings one chunk: MISS the first time, HIT the second.",
            $"   for i in 1 2; do {Curl} -r 100000000-100000099 $OVERLAY/{Bucket}/{SampleObjects.LargeKey} "
                + "| grep -i -E '^(HTTP|content-range|x-cache|x-s3overlay-layer)'; done",
            "",
            "5. One listing shows both layers: what you wrote and deleted, and the rest of the remote.",
            $"   {Aws} ls --recursive --human-readable s3://{Bucket}/",
            "",
            "6. Ask what a client sees of a key, and why.",
            $"   {program} explain {Bucket}/hello.txt {At}; {program} explain {Bucket}/photos/photo-1.jpg {At}",
            "",
            "7. List your deletes, and undo one.",
            $"   {program} tombstones {Bucket} {At}; {program} undelete {Bucket}/photos/photo-1.jpg {At}; {Aws} ls s3://{Bucket}/photos/",
            "",
            "Each request to the overlay appears below. Press Ctrl-C to stop.",
            "",
        ];
    }
}
