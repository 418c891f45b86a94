using System.Runtime.ExceptionServices;

namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>A body without its framing, checked against everything announced. After a failed check, every further read fails too.</summary>
internal sealed class VerifiedBody(BodyFraming framing, BodyDigests? digests) : S3Body
{
    private ExceptionDispatchInfo? _failure;
    private bool _isDone;

    public override long? Length => framing.Length;

    public override long? LongestLength => framing.LongestLength;

    public override BodyChecksum? Checksum => digests?.Checksum;

    public override ChecksumAlgorithm? ComingChecksum => digests?.ComingChecksum;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        _failure?.Throw();
        if (_isDone)
        {
            return 0;
        }

        if (buffer.IsEmpty)
        {
            // An empty buffer would look like the end, and so like proof of all checks.
            throw new ArgumentException("The buffer has no room.", nameof(buffer));
        }

        try
        {
            var count = await framing.ReadAsync(buffer, cancellationToken);
            if (count > 0)
            {
                digests?.Append(buffer.Span[..count]);
                return count;
            }

            digests?.Check(framing.Trailers);
            _isDone = true;
            Release();
            return 0;
        }
        catch (Exception failure)
        {
            _failure = ExceptionDispatchInfo.Capture(failure);
            Release();
            throw;
        }
    }

    private void Release()
    {
        framing.Release();
        digests?.Dispose();
    }
}
