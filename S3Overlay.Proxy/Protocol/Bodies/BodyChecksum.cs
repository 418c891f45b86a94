namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>One additional checksum of an object, as S3 names and encodes it.</summary>
/// <param name="Algorithm">Which one.</param>
/// <param name="Value">Its value in base64; with <c>-N</c> behind it where it is the composite of N parts.</param>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html</remarks>
public readonly record struct BodyChecksum(ChecksumAlgorithm Algorithm, string Value);
