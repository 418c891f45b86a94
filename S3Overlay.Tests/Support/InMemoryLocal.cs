using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Pipelines;
using System.Security.Cryptography;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Tests.Support;

/// <summary>A small S3 service over <see cref="InMemoryLayer"/>: enough for the overlay's calls. It records them.</summary>
public sealed class InMemoryLocal(InMemoryLayer layer) : IS3Service
{
    private static readonly string[] Kept = ["Content-Type", "Cache-Control", "Content-Encoding", "x-amz-storage-class", "x-amz-tagging"];

    private readonly ConcurrentDictionary<(string Bucket, string Key), byte[]> _bytes = [];

    public ConcurrentQueue<S3Request> Requests { get; } = [];

    /// <summary>Runs when a request's body has been read, right before it is committed.</summary>
    public Func<Task>? BeforeCommit { get; set; }

    /// <summary>Whether it checks conditions. Otherwise it ignores them.</summary>
    public bool KnowsConditions { get; set; } = true;

    /// <summary>The checksum uploads were started with.</summary>
    public ChecksumAlgorithm? UploadAlgorithm { get; set; }

    public Task Completing { get; set; } = Task.CompletedTask;

    public string Text(string bucket, string key) => System.Text.Encoding.UTF8.GetString(_bytes[(bucket, key)]);

    public async Task HandleAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        Requests.Enqueue(request);
        var state = await layer.ResolveBucketAsync(request.Bucket, cancellationToken);
        if (!state.Exists && request.Operation is not (S3Operation.CreateBucket or S3Operation.ListBuckets))
        {
            throw new S3Exception(S3Errors.NoSuchBucket);
        }

        switch (request.Operation)
        {
            case S3Operation.CreateBucket:
                await layer.EnsureBucketAsync(request.Bucket, cancellationToken);
                response.Headers.Location = "/" + request.Bucket;
                break;
            case S3Operation.GetObject or S3Operation.HeadObject:
                var info = layer.Find(request.Bucket, request.Key) ?? throw new S3Exception(S3Errors.NoSuchKey);
                if (ObjectResponse.Prepare(request, response, info) is { } range)
                {
                    var bytes = _bytes[(request.Bucket, request.Key)];
                    await response.Body.WriteAsync(bytes.AsMemory((int)range.First, (int)range.Length), cancellationToken);
                }

                break;
            case S3Operation.PutObject or S3Operation.UploadPart:
                var body = await ReadAsync(request.Body, cancellationToken);
                await (BeforeCommit?.Invoke() ?? Task.CompletedTask);
                Judge(request);
                if (request.Body.Checksum is { } checksum)
                {
                    response.Headers[ChecksumNames.Header(checksum.Algorithm)] = checksum.Value;
                }

                response.Headers.ETag = request.Operation == S3Operation.UploadPart
                    ? Put("parts", request.Query["partNumber"]!, body, request)
                    : Put(request.Bucket, request.Key, body, request);
                break;
            case S3Operation.ListParts:
                var parts = new S3XmlWriter().Root("ListPartsResult");
                if (UploadAlgorithm is { } algorithm)
                {
                    parts.Element("ChecksumAlgorithm", ChecksumNames.Name(algorithm));
                }

                await parts.Close("ListPartsResult").SendAsync(request, response, cancellationToken);
                break;
            case S3Operation.CompleteMultipartUpload:
                await ReadAsync(request.Body, cancellationToken);
                await Completing;
                await (BeforeCommit?.Invoke() ?? Task.CompletedTask);
                Judge(request);
                var etag = Put(request.Bucket, request.Key, "completed"u8.ToArray(), request);
                await new S3XmlWriter().Root("CompleteMultipartUploadResult").Element("ETag", etag).Close("CompleteMultipartUploadResult")
                    .SendAsync(request, response, cancellationToken);
                break;
            case S3Operation.CopyObject:
                var source = CopySource.Parse(request);
                if (!_bytes.TryGetValue((source.Bucket, source.Key), out var copied))
                {
                    throw new S3Exception(S3Errors.NoSuchKey);
                }

                Judge(request);
                await new S3XmlWriter().Root("CopyObjectResult").Element("ETag", Put(request.Bucket, request.Key, copied, request))
                    .Close("CopyObjectResult").SendAsync(request, response, cancellationToken);
                break;
            case S3Operation.DeleteObject:
                Judge(request);
                layer.Remove(request.Bucket, request.Key);
                response.Status = 204;
                break;
            default:
                response.Headers["x-test-local"] = request.Operation.ToString();
                break;
        }
    }

    private string Put(string bucket, string key, byte[] bytes, S3Request request)
    {
        _bytes[(bucket, key)] = bytes;
        var etag = $"\"{Convert.ToHexStringLower(MD5.HashData(bytes))}\"";
        var headers = request.Headers
            .Where(header => Kept.Contains(header.Key, StringComparer.OrdinalIgnoreCase)
                || header.Key.StartsWith("x-amz-meta-", StringComparison.OrdinalIgnoreCase))
            .Select(header => KeyValuePair.Create(header.Key, header.Value.ToString()));
        layer.Write(bucket, key, new ObjectInfo
        {
            Size = bytes.Length,
            ETag = etag,
            LastModified = DateTimeOffset.Parse("2026-02-03T04:05:06Z", CultureInfo.InvariantCulture),
            Headers = [.. headers],
        });
        return etag;
    }

    private void Judge(S3Request request)
    {
        if (!KnowsConditions)
        {
            return;
        }

        var current = layer.Find(request.Bucket, request.Key);
        if (request.Header("If-None-Match") is not null && current is not null)
        {
            throw new S3Exception(S3Errors.PreconditionFailed);
        }

        if (request.Header("If-Match") is { } wanted)
        {
            _ = current ?? throw new S3Exception(S3Errors.NoSuchKey);
            if (!ETags.ListHas(wanted, current.ETag))
            {
                throw new S3Exception(S3Errors.PreconditionFailed);
            }
        }
    }

    private static async Task<byte[]> ReadAsync(S3Body body, CancellationToken cancellationToken)
    {
        var bytes = new MemoryStream();
        var buffer = new byte[7];
        int read;
        while ((read = await body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            bytes.Write(buffer, 0, read);
        }

        return bytes.ToArray();
    }
}
