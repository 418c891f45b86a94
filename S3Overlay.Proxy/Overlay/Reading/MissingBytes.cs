using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>What is left to send of an answer that is prepared, since the copy has not all of it.</summary>
/// <param name="Bytes">The bytes.</param>
/// <param name="Before">How the answer was before it was prepared.</param>
/// <param name="Ahead">What to fetch ahead.</param>
internal readonly record struct MissingBytes(ByteRange Bytes, ResponseSnapshot Before, IReadOnlyList<ByteRange> Ahead);
