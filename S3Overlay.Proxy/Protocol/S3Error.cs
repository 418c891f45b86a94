namespace S3Overlay.Proxy.Protocol;

/// <summary>An error of the S3 protocol: what SDKs decide by.</summary>
/// <param name="Code">The code in the XML (<c>NoSuchKey</c>).</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Message">What it says to a person.</param>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html</remarks>
public sealed record S3Error(string Code, int Status, string Message);
