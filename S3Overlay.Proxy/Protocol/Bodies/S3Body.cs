namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>
/// A request's body, read once from front to back. Whatever framing and signatures it came with are taken off and checked on the
/// way, so that whoever reads it to the end holds bytes that have passed every check (rule W7).
/// </summary>
public abstract class S3Body
{
    /// <summary>A body of no bytes.</summary>
    public static readonly S3Body Empty = new EmptyBody();

    /// <summary>The number of bytes the body will have, or null where the client did not say.</summary>
    public abstract long? Length { get; }

    /// <summary>
    /// The most bytes the body can have: its length where that is known. More than <see cref="Length"/> says where a file comes in a form,
    /// whose end alone tells how long it was. Null where there is no bound.
    /// </summary>
    public virtual long? LongestLength => Length;

    /// <summary>
    /// To be called before anything is sent to a store that keeps the key to the write from then on: whoever watches over the body may want
    /// to be first. Whoever reads the body to its end before that need not.
    /// </summary>
    /// <exception cref="S3Exception">Nothing is to be sent.</exception>
    public virtual ValueTask BeginAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>
    /// Reads up to <paramref name="buffer"/>'s length. Returns 0 only at the end, and only once the length, the signature of every
    /// chunk, the payload hash and every digest and checksum that was promised have been found right.
    /// </summary>
    /// <exception cref="S3Exception">
    /// A check failed or the body was malformed or broke off: nothing read from it may be acknowledged or shown.
    /// </exception>
    public abstract ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>
    /// The <c>x-amz-checksum-*</c> value that came with the body, as a header or as a trailer, verified once the end has been read. Null
    /// where none came, and before the end has been read where it comes as a trailer.
    /// </summary>
    public virtual BodyChecksum? Checksum => null;

    /// <summary>
    /// Which checksum will be known once the end has been read; null where none will, and where <see cref="Checksum"/> is known.
    /// </summary>
    public virtual ChecksumAlgorithm? ComingChecksum => null;

    private sealed class EmptyBody : S3Body
    {
        public override long? Length => 0;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) => new(0);
    }
}
