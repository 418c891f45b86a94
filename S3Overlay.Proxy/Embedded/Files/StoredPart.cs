using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>One part of a completed upload.</summary>
/// <param name="File">Its file.</param>
/// <param name="Number">Its number, 1 to 10,000.</param>
/// <param name="Size">Size in bytes.</param>
/// <param name="Checksum">Its additional checksum, if the client sent one.</param>
internal readonly record struct StoredPart(FileId File, int Number, long Size, BodyChecksum? Checksum);
