using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml;
using System.Xml.Linq;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>
/// Tries on objects of its own what a store can do. An answer that refuses means no; a store that gives no answer, or is overloaded, ends the run: what it can
/// do is not known then.
/// </summary>
/// <remarks>
/// What was asked more than once, because an answer was lost or an error, may have been done the first time: it is refused then, though the store can do it. What an object has become says no
/// more, since a store may do what it answers an error to each time. So a refusal of what is right is believed only when it comes once more, of another object.
/// </remarks>
internal sealed class ProbeRun(LocalStore store)
{
    /// <summary>How often an error of the store's own is the answer before it is believed.</summary>
    private const int Attempts = 3;

    private const int LongestAnswer = 16 << 10;

    /// <summary>More than a store or the way there takes in before it looks at a request.</summary>
    private const int LargeBody = 256 << 10;

    private const string WrongETag = "\"00000000000000000000000000000000\"";

    private const string WrongChecksum = "AAAAAA==";

    /// <summary>A store that lets nobody look has not answered by then, though it answers others.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a write takes at most where nothing is in its way.</summary>
    private static readonly TimeSpan QuickWrite = TimeSpan.FromSeconds(1);

    private static readonly byte[] Content = "tried by s3overlay"u8.ToArray();

    private readonly StoreCalls _calls = store.Calls;
    private readonly CacheBucket _cache = store.Cache;

    /// <summary>What may be there, to be taken away at last.</summary>
    private readonly HashSet<string> _kept = [];

    /// <summary>Two proxies may try at the same time.</summary>
    private readonly string _folder = $"p/{Guid.NewGuid():n}/";

    /// <summary>Whether the store let anything be put there.</summary>
    public bool HasBegun { get; private set; }

    private string Cut => _folder + "cut";

    private string First => _folder + "first";

    private string Second => _folder + "second";

    private string Framed => _folder + "framed";

    private string Named => _folder + "named";

    private string Shut => _folder + "shut";

    private string New => _folder + "new";

    private string Newer => _folder + "newer";

    private string Well => _folder + "well";

    /// <summary>Tries everything.</summary>
    /// <exception cref="S3Exception">The store cannot be asked.</exception>
    public async Task<StoreCapabilities> AskAsync(CancellationToken cancellationToken)
    {
        await KeepAsync(First, cancellationToken);
        HasBegun = true;
        await KeepAsync(Second, cancellationToken);
        await CutAsync(cancellationToken);
        var etag = await ETagAsync(First, cancellationToken);
        var takesTrailers = await TakesFramesAsync(isNamed: false, cancellationToken);
        var takesNamed = !takesTrailers && await TakesFramesAsync(isNamed: true, cancellationToken);
        var putsIfNew = await RefusesAsync(PutAsync(First, "If-None-Match", "*", cancellationToken))
            && await TakesAsync(name => PutAsync(name, "If-None-Match", "*", cancellationToken), New, Newer);
        var putsIfMatch = await RefusesAsync(PutAsync(First, "If-Match", WrongETag, cancellationToken))
            && await TakesAsync(async name => await PutAsync(name, "If-Match", await ETagAsync(name, cancellationToken), cancellationToken), First, Second);
        var keepsKeys = putsIfNew && await KeepsKeysAsync(cancellationToken);
        var takesOneAlone = keepsKeys || await TakesOneAloneAsync(putsIfNew, putsIfMatch, cancellationToken);
        return new StoreCapabilities
        {
            HasPlainETags = ETags.Same(etag, Convert.ToHexStringLower(MD5.HashData(Content))),
            TakesTrailers = takesTrailers || takesNamed,
            NeedsChunkedEncoding = takesNamed,
            KeepsKeys = keepsKeys,
            TakesOneAlone = takesOneAlone,
            PutsIfNew = putsIfNew && takesOneAlone,
            PutsIfMatch = putsIfMatch && takesOneAlone,
            CompletesIf = takesOneAlone && await CompletesIfAsync(cancellationToken),
            CopiesIf = takesOneAlone && await RefusesAsync(CopyAsync("If-None-Match", "*", cancellationToken)) && await RefusesAsync(CopyAsync("If-Match", WrongETag, cancellationToken)),
            ChecksChecksums = (await PutSummedAsync(Checksum(), cancellationToken)) is { Status: < 300 }
                && (await PutSummedAsync(WrongChecksum, cancellationToken)) is { Status: 400 }
                && (await PutSummedAsync("none", cancellationToken)) is { Status: 400 },
            HasVersions = await TakesAsync(SendAsync(new("GET", _cache.Name, "", "versioning", []), cancellationToken)),
            TakesNullVersion = await SendAsync(new("GET", _cache.Name, Second, "versionId=null", []), cancellationToken) is not { Status: 400 },
            HasAttributes = await SendAsync(
                new("GET", _cache.Name, Second, "attributes", [new("x-amz-object-attributes", "ETag,ObjectSize")]), cancellationToken) is var attributes
                && (attributes.Status == 403
                    || (attributes.Status == 200 && attributes.Text("ObjectSize") == Content.Length.ToString(CultureInfo.InvariantCulture))),

            // Late: the store notices that a connection has ended when it gets there.
            KeepsCutBodies = await IsCutKeptAsync(cancellationToken),

            // Last: a store that does not know the condition deletes the object.
            DeletesIfMatch = await RefusesAsync(DeleteAsync(First, WrongETag, cancellationToken))
                && await _calls.ExistsAsync(_cache.Name, First, cancellationToken)
                && await TakesAsync(async name => await DeleteAsync(name, await ETagAsync(name, cancellationToken), cancellationToken), First, Second),
        };
    }

    /// <summary>Takes away what was put there. What cannot be taken away is a few bytes.</summary>
    public async Task CleanAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var name in _kept)
            {
                await _calls.DeleteAsync(_cache.Name, name, cancellationToken);
            }
        }
        catch (Exception failure) when (failure is S3Exception or OperationCanceledException)
        {
            // The run has said why, or will be made again.
        }
    }

    private static async Task<bool> TakesAsync(Task<ProbeAnswer> answer) => (await answer).IsTaken;

    /// <summary>Whether the condition was seen not to hold. Completes and copies may say so within a 200.</summary>
    private static async Task<bool> RefusesAsync(Task<ProbeAnswer> answer) => (await answer) is { Status: 409 or 412 } or { Status: 200, Code: "PreconditionFailed" };

    /// <summary>Whether a condition that holds is taken, of an object or of another one.</summary>
    private static async Task<bool> TakesAsync(Func<string, Task<ProbeAnswer>> ask, string name, string other)
    {
        var answer = await ask(name);
        return Takes(answer) || (answer.Status is < 300 or 404 or 409 or 412 && Takes(await ask(other)));

        // What is taken after an error may be so because there is nothing any more that the condition could be held against.
        static bool Takes(ProbeAnswer answer) => answer is { IsTaken: true, IsAgain: false };
    }

    private Task KeepAsync(string name, CancellationToken cancellationToken)
    {
        lock (_kept)
        {
            _kept.Add(name);
        }

        return _cache.PutAsync(name, WireBody.Of(Content), cancellationToken);
    }

    private Task<ProbeAnswer> PutAsync(string name, string header, string value, CancellationToken cancellationToken) =>
        PutAsync(name, header, value, WireBody.Of(Content), cancellationToken);

    private Task<ProbeAnswer> PutAsync(string name, string header, string value, WireBody body, CancellationToken cancellationToken)
    {
        lock (_kept)
        {
            _kept.Add(name);
        }

        return SendAsync(new WireRequest("PUT", _cache.Name, name, "", [new(header, value)]) { Body = body }, cancellationToken);
    }

    /// <summary>A write that ends with its connection, one byte before its body does.</summary>
    private async Task CutAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var bytes = new byte[LargeBody];
        var body = new WireBody(bytes.Length, SigV4.UnsignedPayload, async (target, token) =>
        {
            await target.WriteAsync(bytes.AsMemory(1), token);
            await target.FlushAsync(token);
            await ending.CancelAsync();
            token.ThrowIfCancellationRequested();
        });
        _kept.Add(Cut);
        try
        {
            await SendAsync(new WireRequest("PUT", _cache.Name, Cut, "", []) { Body = body }, ending.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // As it was meant to.
        }
    }

    private async Task<bool> IsCutKeptAsync(CancellationToken cancellationToken)
    {
        var isKept = await _calls.ExistsAsync(_cache.Name, Cut, cancellationToken);
        if (!isKept)
        {
            _kept.Remove(Cut);
        }

        return isKept;
    }

    /// <summary>Whether of two writes under one condition the store takes one alone, of each condition that it knows.</summary>
    private async Task<bool> TakesOneAloneAsync(bool ofNew, bool ofMatch, CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(
            ofNew ? TakesOneAloneAsync("If-None-Match", cancellationToken) : Task.FromResult(true),
            ofMatch ? TakesOneAloneAsync("If-Match", cancellationToken) : Task.FromResult(true));
        return found[0] && found[1];
    }

    private async Task<bool> TakesOneAloneAsync(string header, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            var name = $"{_folder}raced-{header}-{attempt.ToString(CultureInfo.InvariantCulture)}";
            var value = "*";
            if (header == "If-Match")
            {
                await KeepAsync(name, cancellationToken);
                value = await ETagAsync(name, cancellationToken);
            }

            var (first, other) = await RaceAsync(name, header, value, cancellationToken);
            if (first.IsTaken || other.IsTaken)
            {
                return !(first.IsTaken && other.IsTaken);
            }

            // Neither: an answer was lost, and what was asked again found what it had written itself.
        }

        return false;
    }

    /// <summary>
    /// Two writes of one key, of other bytes than are there, and each of its own. The first has its last byte kept back until the other is over: some stores judge before the body, and not again at its end. Others keep the key to the first, and
    /// the other is over after it.
    /// </summary>
    private async Task<(ProbeAnswer First, ProbeAnswer Other)> RaceAsync(string name, string header, string value, CancellationToken cancellationToken)
    {
        var hasBegun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var mayEnd = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var bytes = new byte[LargeBody];
        var slowBody = WireBody.Of(bytes) with
        {
            CopyToAsync = async (target, token) =>
            {
                await target.WriteAsync(bytes.AsMemory(..^1), token);
                await target.FlushAsync(token);
                hasBegun.TrySetResult();
                await mayEnd.Task.WaitAsync(token);
                await target.WriteAsync(bytes.AsMemory(^1..), token);
            },
        };
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var slow = PutAsync(name, header, value, slowBody, cancellationToken);
        Task<ProbeAnswer>? quick = null;
        try
        {
            await Task.WhenAny(hasBegun.Task, slow);
            quick = PutAsync(name, header, value, WireBody.Of(Content.AsMemory(1)), cancellationToken);
            await Task.WhenAny(quick, Task.Delay(QuickWrite, store.Time, waiting.Token));
        }
        finally
        {
            mayEnd.TrySetResult();
            await waiting.CancelAsync();
            await ((Task)Task.WhenAll(slow, quick ?? slow)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return (await slow, await quick);
    }

    private Task<ProbeAnswer> CopyAsync(string header, string value, CancellationToken cancellationToken) =>
        SendAsync(new WireRequest("PUT", _cache.Name, First, "", [new("x-amz-copy-source", $"/{_cache.Name}/{Second}"), new(header, value)]), cancellationToken);

    private async Task<ProbeAnswer> DeleteAsync(string name, string etag, CancellationToken cancellationToken)
    {
        var answer = await SendAsync(new WireRequest("DELETE", _cache.Name, name, "", [new("If-Match", etag)]), cancellationToken);
        if (answer.Status is < 300 or 404)
        {
            _kept.Remove(name);
        }

        return answer;
    }

    private async Task<string> ETagAsync(string name, CancellationToken cancellationToken)
    {
        using var answer = await _calls.SendAsync(new WireRequest("HEAD", _cache.Name, name, "", []), cancellationToken);
        return answer.Header("ETag") ?? throw new S3Exception(S3Errors.ServiceUnavailable, $"The local store answered HEAD of an object just written with {answer.Status}.");
    }

    private async Task<bool> CompletesIfAsync(CancellationToken cancellationToken)
    {
        var started = await SendAsync(new WireRequest("POST", _cache.Name, First, "uploads=", []), cancellationToken);
        if (started.Text("UploadId") is not { Length: > 0 } id)
        {
            return false;
        }

        var upload = "uploadId=" + UriEncoding.EncodeComponent(id);
        var part = await SendAsync(new WireRequest("PUT", _cache.Name, First, "partNumber=1&" + upload, []) { Body = WireBody.Of(Content) }, cancellationToken);
        var body = WireBody.Of(Encoding.UTF8.GetBytes(
            $"<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Part><PartNumber>1</PartNumber><ETag>{part.ETag}</ETag></Part></CompleteMultipartUpload>"));
        Task<ProbeAnswer> CompleteAsync(string header, string value) =>
            SendAsync(new WireRequest("POST", _cache.Name, First, upload, [new(header, value)]) { Body = body }, cancellationToken);
        var can = await RefusesAsync(CompleteAsync("If-None-Match", "*")) && await RefusesAsync(CompleteAsync("If-Match", WrongETag));
        await SendAsync(new WireRequest("DELETE", _cache.Name, First, upload, []), cancellationToken);
        return can;
    }

    /// <summary>Whether nobody is let see a key while a conditional write of it has begun, and its body has not come to its end.</summary>
    private async Task<bool> KeepsKeysAsync(CancellationToken cancellationToken)
    {
        var (isKept, looking) = (false, (Task<WireAnswer>?)null);
        async Task SendAsync(Stream body, CancellationToken token)
        {
            await body.WriteAsync(Content.AsMemory(0, 1), token);
            await body.FlushAsync(token);
            looking = _calls.SendAsync(new WireRequest("HEAD", _cache.Name, Shut, "", []), cancellationToken).Observed();
            if (await Task.WhenAny(looking, Task.Delay(Look, store.Time, token)) != looking)
            {
                // A store that is merely slow is so with others, too; and one that will have no two requests at once would never answer.
                var other = _calls.ExistsAsync(_cache.Name, First, token).Observed();
                isKept = await Task.WhenAny(other, looking, Task.Delay(4 * Look, store.Time, token)) == other && other.IsCompletedSuccessfully && !looking.IsCompleted;
            }

            await body.WriteAsync(Content.AsMemory(1), token);
        }

        _kept.Add(Shut);
        var put = new WireRequest("PUT", _cache.Name, Shut, "", [new("If-None-Match", "*")]) { Body = WireBody.Of(Content) with { CopyToAsync = SendAsync }, AsksFirst = true };
        await this.SendAsync(put, cancellationToken);
        if (looking is null)
        {
            return false;
        }

        using var seen = await looking;
        return isKept && seen.Status < 300;
    }

    private Task<ProbeAnswer> PutSummedAsync(string checksum, CancellationToken cancellationToken) =>
        SendAsync(
            new WireRequest("PUT", _cache.Name, Second, "", [new("x-amz-sdk-checksum-algorithm", "CRC32"), new("x-amz-checksum-crc32", checksum)]) { Body = WireBody.Of(Content) },
            cancellationToken);

    /// <summary>Whether what today's SDKs send unless told otherwise is taken, and comes back as if it had never been in frames.</summary>
    private async Task<bool> TakesFramesAsync(bool isNamed, CancellationToken cancellationToken)
    {
        var name = isNamed ? Named : Framed;
        if (!await TakesAsync(PutFramedAsync(name, isNamed, cancellationToken)))
        {
            return false;
        }

        var kept = await SendAsync(new WireRequest("GET", _cache.Name, name, "", []), cancellationToken);
        return !kept.Encoding.Contains("aws-chunked", StringComparison.OrdinalIgnoreCase) && kept.Body.AsSpan().SequenceEqual(Content);
    }

    private Task<ProbeAnswer> PutFramedAsync(string name, bool isNamed, CancellationToken cancellationToken)
    {
        _kept.Add(name);
        var body = WireBody.Of(Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"{Content.Length:x}\r\n{Encoding.ASCII.GetString(Content)}\r\n0\r\nx-amz-checksum-crc32:{Checksum()}\r\n\r\n")));
        KeyValuePair<string, string>[] headers =
        [
            new("x-amz-decoded-content-length", Content.Length.ToString(CultureInfo.InvariantCulture)),
            new("x-amz-trailer", "x-amz-checksum-crc32"),
            new("x-amz-sdk-checksum-algorithm", "CRC32"),
            .. isNamed ? [new("Content-Encoding", "aws-chunked")] : Array.Empty<KeyValuePair<string, string>>(),
        ];
        return SendAsync(new WireRequest("PUT", _cache.Name, name, "", headers) { Body = body with { Sha256 = "STREAMING-UNSIGNED-PAYLOAD-TRAILER" } }, cancellationToken);
    }

    private static string Checksum() => ChecksumHasher.Compute(ChecksumAlgorithm.Crc32, Content).Value;

    /// <summary>
    /// Asks. 500 is an answer to what was asked only where the store takes what is no question at all, and stays with it. That something else is under way with the object may be the trial's own
    /// doing, of which the answer was lost.
    /// </summary>
    private async Task<ProbeAnswer> SendAsync(WireRequest request, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var answer = await SendOnceAsync(request with { TakesInternalError = true }, cancellationToken);
            if (!answer.MayPass || attempt == Attempts)
            {
                return answer with { IsAgain = attempt > 1 };
            }

            await Task.Delay(Pause * attempt, store.Time, cancellationToken);
            await KeepAsync(Well, cancellationToken);
        }
    }

    private async Task<ProbeAnswer> SendOnceAsync(WireRequest request, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await _calls.SendAsync(request, cancellationToken);
            return new ProbeAnswer(
                answer.Status, answer.Header("ETag") ?? "", answer.Header("Content-Encoding") ?? "", await _calls.ReadAsync(answer, LongestAnswer, cancellationToken));
        }
        catch (S3Exception failure) when (failure.InnerException is RemoteException { Status: 501 or 505 } refused)
        {
            return new ProbeAnswer(refused.Status, "", "", []);
        }
    }

    /// <summary>What came of one attempt.</summary>
    private sealed record ProbeAnswer(int Status, string ETag, string Encoding, byte[] Body)
    {
        /// <summary>Whether there was another answer before it, which was not believed.</summary>
        public bool IsAgain { get; init; }

        /// <summary>Whether what was asked is done.</summary>
        public bool IsTaken => this is { Status: < 300, Code: "" };

        /// <summary>Whether it may be another a moment later. An error of the store's own may come with a 200, too.</summary>
        public bool MayPass => Status is 409 or 500 || Code is "InternalError" or "ServiceUnavailable" or "SlowDown";

        /// <summary>The code of the error document, also of one that came with a 200; else the empty string.</summary>
        public string Code => Root() is { Name.LocalName: "Error" } error ? error.Elements().FirstOrDefault(e => e.Name.LocalName == "Code")?.Value ?? "?" : "";

        /// <summary>The text of an element of the document; null where there is none.</summary>
        public string? Text(string element) => Root()?.Descendants().FirstOrDefault(e => e.Name.LocalName == element)?.Value;

        private XElement? Root()
        {
            try
            {
                using var reader = XmlReader.Create(new MemoryStream(Body), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
                return XElement.Load(reader);
            }
            catch (XmlException)
            {
                return null;
            }
        }
    }
}
