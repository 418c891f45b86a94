using System.Globalization;
using System.Security.Cryptography;
using System.Text;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>
/// Tries on objects of its own what a store can do. A response that refuses means no; a store that gives no response, or is overloaded,
/// ends the run: what it can do is not known then.
/// </summary>
/// <remarks>
/// What was asked more than once, because a response was lost or an error, may have been done the first time: it is refused then, though
/// the store can do it. What an object has become says no more, since a store may do what it answers an error to each time. So a refusal of
/// what is right is believed only when it comes once more, of another object.
/// </remarks>
internal sealed class ProbeRun(LocalStore store, CancellationToken cancellationToken)
{
    private const string WrongETag = "\"00000000000000000000000000000000\"";

    private const string WrongChecksum = "AAAAAA==";

    private static readonly byte[] Content = ProbeRequests.Content;

    private readonly ProbeRequests _requests = new(store);

    /// <summary>Whether the store let anything be put there.</summary>
    public bool HasBegun { get; private set; }

    private string Bucket => _requests.Bucket;

    private string First => _requests.First;

    private string Second => _requests.Second;

    /// <summary>Tries everything.</summary>
    /// <exception cref="S3Exception">The store cannot be asked.</exception>
    public async Task<StoreCapabilities> RunAsync()
    {
        var writes = new WriteTrials(_requests);
        await _requests.KeepAsync(First, cancellationToken);
        HasBegun = true;
        await _requests.KeepAsync(Second, cancellationToken);
        await writes.CutAsync(cancellationToken);

        // A store that does not show what was just written cannot be judged.
        await _requests.ETagAsync(First, cancellationToken);
        var takesTrailers = await TakesFramesAsync("framed", isNamed: false, ChecksumAlgorithm.Crc32);
        var takesNamed = !takesTrailers && await TakesFramesAsync("named", isNamed: true, ChecksumAlgorithm.Crc32);
        var takesLate = (takesTrailers || takesNamed) && await TakesFramesAsync("late", takesNamed, ChecksumAlgorithm.XxHash64);
        var putsIfNew = await RefusesAsync(_requests.PutAsync(First, "If-None-Match", "*", cancellationToken))
            && await TakesAsync(name => _requests.PutAsync(name, "If-None-Match", "*", cancellationToken), _requests.Named("new"),
                _requests.Named("newer"));
        var putsIfMatch = await RefusesAsync(_requests.PutAsync(First, "If-Match", WrongETag, cancellationToken))
            && await RefusesAbsentAsync("absent", name => _requests.PutAsync(name, "If-Match", WrongETag, cancellationToken))
            && await TakesAsync(async name => await _requests.PutAsync(
                name, "If-Match", await _requests.ETagAsync(name, cancellationToken), cancellationToken), First, Second);
        var keepsKeys = putsIfNew && await writes.KeepsKeysAsync(cancellationToken);
        var takesOneAlone = keepsKeys || await writes.TakesOneAloneAsync(putsIfNew, putsIfMatch, cancellationToken);
        var (completesIfNew, completesIfMatch) = takesOneAlone ? await CompletesIfAsync() : default;
        var copiesIfNew = takesOneAlone && await RefusesAsync(CopyAsync(First, "If-None-Match", "*"));
        var found = new StoreCapabilities
        {
            TakesTrailers = takesTrailers || takesNamed,
            NeedsChunkedEncoding = takesNamed,
            TakesLateChecksums = takesLate,
            TakesOneAlone = takesOneAlone,
            ChecksChecksums = (await PutSummedAsync(Checksum())) is { Status: < 300 }
                && (await PutSummedAsync(WrongChecksum)) is { Status: 400 } && (await PutSummedAsync("none")) is { Status: 400 },
            HasVersions = await TakesAsync(_requests.SendAsync(new("GET", Bucket, "", "versioning"), cancellationToken)),
            TakesNullVersion = await _requests.SendAsync(new("GET", Bucket, Second, "versionId=null"), cancellationToken) is not
                { Status: 400 },
            HasAttributes = await _requests.SendAsync(
                new("GET", Bucket, Second, "attributes", [new("x-amz-object-attributes", "ETag,ObjectSize")]),
                cancellationToken) is var attributes
                && (attributes.Status == 403 || (attributes.Status == 200 && attributes.Text("ObjectSize") == Content.Length
                        .ToString(CultureInfo.InvariantCulture))),
            Conditions = new()
            {
                KeepKeys = keepsKeys,
                PutsIfNew = putsIfNew && takesOneAlone,
                PutsIfMatch = putsIfMatch && takesOneAlone,
                CompletesIfNew = completesIfNew,
                CompletesIfMatch = completesIfMatch,
                CopiesIfNew = copiesIfNew,
                CopiesIfMatch = copiesIfNew && await RefusesAsync(CopyAsync(First, "If-Match", WrongETag))
                    && await RefusesAbsentAsync("copied", name => CopyAsync(name, "If-Match", WrongETag)),

                // After all that needs this one: a store that does not know the condition deletes the object.
                DeletesIfMatch = await RefusesAsync(DeleteAsync(First, WrongETag))
                    && await _requests.ExistsAsync(First, cancellationToken)
                    && await TakesAsync(
                        async name => await DeleteAsync(name, await _requests.ETagAsync(name, cancellationToken)), First, Second),
            },
        };

        // Last: what it will have kept it must have got to.
        var keepsCut = await writes.IsCutKeptAsync(cancellationToken);
        return found with
        {
            KeepsCutBodies = keepsCut,
            TakesBareFrames = keepsCut && found.TakesTrailers && await TakesFramesAsync("bare", found.NeedsChunkedEncoding, null),
        };
    }

    /// <summary>Takes away what was put there. What cannot be taken away is a few bytes.</summary>
    public Task CleanAsync() => _requests.CleanAsync(cancellationToken);

    private static async Task<bool> TakesAsync(Task<ProbeResponse> response) => (await response).IsTaken;

    /// <summary>Whether the condition was seen not to hold. Completes and copies may say so within a 200.</summary>
    private static async Task<bool> RefusesAsync(Task<ProbeResponse> response) =>
        (await response) is { Status: 409 or 412 } or { Status: 200, Code: "PreconditionFailed" };

    /// <summary>
    /// Whether If-Match is seen not to hold of nothing. Where it does, what was deleted while a write is on its way comes back.
    /// </summary>
    private async Task<bool> RefusesAbsentAsync(string of, Func<string, Task<ProbeResponse>> writeAsync)
    {
        var name = _requests.Named(of);
        _requests.NoteKept(name);
        var response = await writeAsync(name);

        // What was asked more than once may have been done the first time, and be refused for that. Only that there is no such key says
        // that it was not.
        var isRefused = response is { Status: 404 or 409 or 412 } or { Status: 200, Code: "PreconditionFailed" or "NoSuchKey" }
            && (response.Code == "NoSuchKey" || !await _requests.ExistsAsync(name, cancellationToken));
        if (isRefused)
        {
            _requests.NoteGone(name);
        }

        return isRefused;
    }

    /// <summary>Whether a condition that holds is taken, of an object or of another one.</summary>
    private static async Task<bool> TakesAsync(Func<string, Task<ProbeResponse>> ask, string name, string other)
    {
        var response = await ask(name);
        return Takes(response) || (response.Status is < 300 or 404 or 409 or 412 && Takes(await ask(other)));

        // What is taken after an error may be so because there is nothing any more that the condition could be held against.
        static bool Takes(ProbeResponse response) => response is { IsTaken: true, IsAgain: false };
    }

    private Task<ProbeResponse> CopyAsync(string name, string header, string value) =>
        _requests.SendAsync(new WireRequest("PUT", Bucket, name, "", [new("x-amz-copy-source", $"/{Bucket}/{Second}"), new(header, value)]),
            cancellationToken);

    private async Task<ProbeResponse> DeleteAsync(string name, string? etag)
    {
        var response = await _requests.SendAsync(new WireRequest("DELETE", Bucket, name, "", etag is null ? [] : [new("If-Match", etag)]),
            cancellationToken);
        if (response.Status is < 300 or 404)
        {
            _requests.NoteGone(name);
        }

        return response;
    }

    /// <summary>
    /// Whether the conditions of completes are seen not to hold: of an object, and, once it is deleted, If-Match of nothing.
    /// </summary>
    private async Task<(bool New, bool Match)> CompletesIfAsync()
    {
        var name = _requests.Named("joined");
        var started = await _requests.SendAsync(new("POST", Bucket, name, "uploads="), cancellationToken);
        if (started.Text("UploadId") is not { Length: > 0 } id)
        {
            return default;
        }

        var upload = "uploadId=" + UriEncoding.EncodeComponent(id);
        _requests.NoteStarted(name, upload);
        var part = await _requests.SendAsync(
            new WireRequest("PUT", Bucket, name, "partNumber=1&" + upload) { Body = WireBody.Of(Content) }, cancellationToken);
        var body = WireBody.Of(Encoding.UTF8.GetBytes("<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
            + $"<Part><PartNumber>1</PartNumber><ETag>{part.ETag}</ETag></Part></CompleteMultipartUpload>"));
        Task<ProbeResponse> CompleteAsync(string header, string value) =>
            _requests.SendAsync(new WireRequest("POST", Bucket, name, upload, [new(header, value)]) { Body = body }, cancellationToken);
        await _requests.KeepAsync(name, cancellationToken);
        var refusesNew = await RefusesAsync(CompleteAsync("If-None-Match", "*"));
        var refusesOther = refusesNew && await RefusesAsync(CompleteAsync("If-Match", WrongETag));
        var refusesAbsent = refusesOther && (await DeleteAsync(name, null)).Status is < 300 or 404
            && await RefusesAbsentAsync("joined", _ => CompleteAsync("If-Match", WrongETag));
        return (refusesNew, refusesAbsent);
    }

    private Task<ProbeResponse> PutSummedAsync(string checksum) => _requests.SendAsync(new WireRequest("PUT", Bucket, Second, "",
                [new("x-amz-sdk-checksum-algorithm", "CRC32"), new("x-amz-checksum-crc32", checksum)]) { Body = WireBody.Of(Content) },
            cancellationToken);

    /// <summary>Whether what today's SDKs send unless told otherwise is taken, and comes back as if it had never been in frames.</summary>
    private async Task<bool> TakesFramesAsync(string of, bool isNamed, ChecksumAlgorithm? algorithm)
    {
        var name = _requests.Named(of);
        if (!await TakesAsync(PutFramedAsync(name, isNamed, algorithm)))
        {
            return false;
        }

        var kept = await _requests.SendAsync(new WireRequest("GET", Bucket, name), cancellationToken);
        return !kept.Encoding.Contains("aws-chunked", StringComparison.OrdinalIgnoreCase) && kept.Body.AsSpan().SequenceEqual(Content);
    }

    private Task<ProbeResponse> PutFramedAsync(string name, bool isNamed, ChecksumAlgorithm? algorithm)
    {
        _requests.NoteKept(name);
        var body = WireBody.Of(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"{Content.Length:x}\r\n{Encoding.ASCII.GetString(Content)}\r\n0\r\n"
            + $"{(algorithm is { } kind ? $"{ChecksumNames.Header(kind)}:{Checksum(kind)}\r\n" : "")}\r\n")));
        KeyValuePair<string, string>[] headers =
        [
            new("x-amz-decoded-content-length", Content.Length.ToString(CultureInfo.InvariantCulture)),
            .. algorithm is { } one ? [new("x-amz-trailer", ChecksumNames.Header(one)),
                new("x-amz-sdk-checksum-algorithm", ChecksumNames.Name(one))] : Array.Empty<KeyValuePair<string, string>>(),
            .. isNamed ? [new("Content-Encoding", "aws-chunked")] : Array.Empty<KeyValuePair<string, string>>(),
        ];
        return _requests.SendAsync(new WireRequest("PUT", Bucket, name, "",
            headers) { Body = body with { Sha256 = "STREAMING-UNSIGNED-PAYLOAD-TRAILER" } }, cancellationToken);
    }

    private static string Checksum(ChecksumAlgorithm algorithm = ChecksumAlgorithm.Crc32) =>
        ChecksumHasher.Compute(algorithm, Content).Value;
}
