using System.Security.Cryptography;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Administration.Commands.Archives;

/// <summary>Counts and hashes what is read.</summary>
internal sealed class HashedStream(Stream inner) : ForwardStream
{
    private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash _md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);

    /// <summary>How many bytes were read.</summary>
    public long Count { get; private set; }

    /// <summary>Their SHA-256 in lower-case hex.</summary>
    public string Sha256 => Convert.ToHexStringLower(_sha256.GetCurrentHash());

    /// <summary>Their MD5 in lower-case hex.</summary>
    public string Md5 => Convert.ToHexStringLower(_md5.GetCurrentHash());

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        _sha256.AppendData(buffer.Span[..read]);
        _md5.AppendData(buffer.Span[..read]);
        Count += read;
        return read;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _sha256.Dispose();
            _md5.Dispose();
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
