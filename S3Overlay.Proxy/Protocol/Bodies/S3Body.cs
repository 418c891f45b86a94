namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>
/// A request's body, read once from front to back. Framing and signatures are removed and checked on the way: a reader that reached the end
/// has bytes that passed every check (rule W7).
/// </summary>
public abstract class S3Body
{
    /// <summary>An empty body.</summary>
    public static readonly S3Body Empty = new EmptyBody();

    /// <summary>The length in bytes; null if the client did not say.</summary>
    public abstract long? Length { get; }

    /// <summary>
    /// The largest possible length; null if unbounded. Differs from <see cref="Length"/> for a file in a form, whose length shows only at
    /// its end.
    /// </summary>
    public virtual long? LongestLength => Length;

    /// <summary>
    /// Call this before sending anything to a store that locks the key from then on: a guard of the body may need to run first. Not needed
    /// if you read the body to its end before that.
    /// </summary>
    /// <exception cref="S3Exception">Nothing may be sent.</exception>
    public virtual ValueTask BeginAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>
    /// Reads up to <paramref name="buffer"/>'s length. Returns 0 only at the end, once the length, every chunk signature, the payload hash,
    /// and every announced digest and checksum proved right.
    /// </summary>
    /// <exception cref="S3Exception">
    /// A check failed, or the body is malformed or incomplete. Do not acknowledge or show anything read from it.
    /// </exception>
    public abstract ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>
    /// The <c>x-amz-checksum-*</c> value that came with the body, verified once the end was read. Null without one, and before the end if
    /// it comes as a trailer.
    /// </summary>
    public virtual BodyChecksum? Checksum => null;

    /// <summary>The checksum that will be known at the end; null if there is none, or <see cref="Checksum"/> is known.</summary>
    public virtual ChecksumAlgorithm? ComingChecksum => null;

    private sealed class EmptyBody : S3Body
    {
        public override long? Length => 0;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) => new(0);
    }
}
