namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>One additional checksum of an object.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html</remarks>
/// <param name="Value">The value in base64, followed by <c>-N</c> if it is the composite of N parts.</param>
public readonly record struct BodyChecksum(ChecksumAlgorithm Algorithm, string Value);
