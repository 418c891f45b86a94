using System.Security.Cryptography;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Administration.Commands.Archives;

/// <summary>Counts and hashes what is read.</summary>
/// <param name="inner">The bytes.</param>
/// <param name="length">How many there are. Fewer or more are an <see cref="IOException"/>.</param>
/// <remarks>
/// It says that it can seek, so that a tar writer takes the length from it, and needs no archive that can: it only reads it once.
/// </remarks>
internal sealed class HashedStream(Stream inner, long length) : ForwardStream
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
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override long Length => length;

    /// <inheritdoc/>
    public override long Position { get => Count; set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        _sha256.AppendData(buffer.Span[..read]);
        _md5.AppendData(buffer.Span[..read]);
        Count += read;

        // The tar file has the length already.
        return Count > length || (read == 0 && buffer.Length > 0 && Count < length)
            ? throw new IOException("An object has another length than the proxy said.") : read;
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
