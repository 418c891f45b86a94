using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.S3;

namespace S3Overlay.Client;

/// <summary>AWS's client with a span around every call, its retries included.</summary>
internal sealed class TracedS3Client(AWSCredentials credentials, AmazonS3Config configuration) : AmazonS3Client(credentials, configuration)
{
    /// <inheritdoc/>
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        base.CustomizeRuntimePipeline(pipeline);
        pipeline.AddHandler(new CallSpans());
    }
}
