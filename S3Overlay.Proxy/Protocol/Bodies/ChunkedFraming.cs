using System.Buffers;
using System.Security.Cryptography;

using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>
/// A body in <c>aws-chunked</c> encoding, signed or unsigned, with or without trailers. Bytes of a chunk are returned before its signature
/// is checked, so that memory does not depend on the chunk size. The read that ends a wrong chunk fails.
/// </summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html</remarks>
internal sealed class ChunkedFraming(Stream stream, long length, PayloadPlan plan, IReadOnlyCollection<string> announced) : BodyFraming
{
    private readonly ChunkSignatures? _signatures = plan.Signatures;
    private readonly IncrementalHash? _chunkHash = plan.Signatures is null ? null : IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _claimed = new byte[SHA256.HashSizeInBytes];

    /// <summary>Bytes read ahead in search of a line end.</summary>
    private byte[]? _buffer;
    private int _start;
    private int _end;

    private State _state = State.Header;
    private long _leftInChunk;
    private long _leftInBody = length;
    private List<KeyValuePair<string, string>> _trailers = [];

    private enum State
    {
        Header,
        Data,
        AfterData,
        Trailer,
        Done,
    }

    public override long? Length { get; } = length;

    public override IReadOnlyList<KeyValuePair<string, string>> Trailers => _trailers;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            switch (_state)
            {
                case State.Header:
                    BeginChunk(await ReadLineAsync(cancellationToken));
                    break;

                case State.Data:
                    var count = await ReadDataAsync(buffer, cancellationToken);
                    _chunkHash?.AppendData(buffer.Span[..count]);
                    _leftInChunk -= count;
                    if (_leftInChunk == 0)
                    {
                        CheckChunk();
                        _state = State.AfterData;
                    }

                    return count;

                case State.AfterData:
                    if (!(await ReadLineAsync(cancellationToken)).IsEmpty)
                    {
                        throw Malformed();
                    }

                    _state = State.Header;
                    break;

                case State.Trailer:
                    EndBody(await ReadRestAsync(cancellationToken));
                    _state = State.Done;
                    break;

                case State.Done:
                    return 0;
            }
        }
    }

    public override void Release()
    {
        _chunkHash?.Dispose();
        if (_buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
        }
    }

    /// <summary>S3 has no error for malformed framing: like stores, say that the body is incomplete.</summary>
    private static S3Exception Malformed() => new(S3Errors.IncompleteBody, "The request body is not well-formed aws-chunked encoding.");

    private void BeginChunk(ReadOnlyMemory<byte> line)
    {
        if (!ChunkHeader.TryParse(line.Span, _claimed, out var header))
        {
            throw Malformed();
        }

        if (_signatures is not null && !header.HasSignature)
        {
            throw new S3Exception(S3Errors.IncompleteBody, "A chunk of the request body is not signed.");
        }

        if (header.Size > _leftInBody || (header.Size == 0 && _leftInBody > 0))
        {
            throw new S3Exception(S3Errors.IncompleteBody,
                "You did not provide the number of bytes specified by the x-amz-decoded-content-length HTTP header.");
        }

        _leftInBody -= header.Size;
        _leftInChunk = header.Size;
        if (header.Size > 0)
        {
            _state = State.Data;
            return;
        }

        CheckChunk();
        _state = State.Trailer;
    }

    private void CheckChunk()
    {
        if (_signatures is null)
        {
            return;
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> expected = stackalloc byte[SHA256.HashSizeInBytes];
        _chunkHash!.GetHashAndReset(hash);
        _signatures.NextChunk(hash, expected);
        if (!CryptographicOperations.FixedTimeEquals(expected, _claimed))
        {
            throw new S3Exception(S3Errors.SignatureDoesNotMatch);
        }
    }

    private void EndBody(ReadOnlyMemory<byte> rest)
    {
        if (!plan.HasTrailer && !rest.Span.Trim("\r\n"u8).IsEmpty)
        {
            throw Malformed();
        }

        _trailers = BodyTrailers.Read(rest.Span, announced, out var signature);
        if (_signatures is null || !plan.HasTrailer)
        {
            return;
        }

        if (signature is null)
        {
            throw new S3Exception(S3Errors.MalformedTrailer, "The trailer of the request body is not signed.");
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> expected = stackalloc byte[SHA256.HashSizeInBytes];
        BodyTrailers.Hash(_trailers, hash);
        _signatures.Trailer(hash, expected);
        if (signature.Length != expected.Length * 2
            || Convert.FromHexString(signature, _claimed, out _, out _) != OperationStatus.Done
            || !CryptographicOperations.FixedTimeEquals(expected, _claimed))
        {
            throw new S3Exception(S3Errors.SignatureDoesNotMatch);
        }
    }

    private async ValueTask<int> ReadDataAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        target = _leftInChunk < target.Length ? target[..(int)_leftInChunk] : target;
        if (_end > _start)
        {
            var ahead = Math.Min(_end - _start, target.Length);
            _buffer.AsMemory(_start, ahead).CopyTo(target);
            _start += ahead;
            return ahead;
        }

        var count = await RawBody.ReadAsync(stream, target, cancellationToken);
        return count > 0 ? count : throw RawBody.BrokenOff();
    }

    /// <summary>Returns the next line without its end, valid until the next read.</summary>
    private async ValueTask<ReadOnlyMemory<byte>> ReadLineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var ahead = _buffer.AsMemory(_start, _end - _start);
            var feed = ahead.Span.IndexOf((byte)'\n');
            if (feed >= 0 ? feed > ChunkHeader.MaxLength : ahead.Length > ChunkHeader.MaxLength)
            {
                throw Malformed();
            }

            if (feed >= 0)
            {
                _start += feed + 1;
                return feed > 0 && ahead.Span[feed - 1] == '\r' ? ahead[..(feed - 1)] : throw Malformed();
            }

            if (!await ReadAheadAsync(cancellationToken))
            {
                throw RawBody.BrokenOff();
            }
        }
    }

    private async ValueTask<ReadOnlyMemory<byte>> ReadRestAsync(CancellationToken cancellationToken)
    {
        while (await ReadAheadAsync(cancellationToken))
        {
            if (_end - _start > BodyTrailers.MaxLength)
            {
                throw new S3Exception(S3Errors.MalformedTrailer);
            }
        }

        return _buffer.AsMemory(_start, _end - _start);
    }

    private async ValueTask<bool> ReadAheadAsync(CancellationToken cancellationToken)
    {
        _buffer ??= ArrayPool<byte>.Shared.Rent(BodyTrailers.MaxLength + ChunkHeader.MaxLength);
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        // Read little while searching lines: what is read too far is copied once more.
        var room = _buffer.AsMemory(_end, Math.Min(_buffer.Length - _end, ChunkHeader.MaxLength));
        var count = await RawBody.ReadAsync(stream, room, cancellationToken);
        _end += count;
        return count > 0;
    }
}
