using System.Xml;
using System.Xml.Linq;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>
/// Sends the requests of the trial, and remembers what it has put there. An error of the store itself counts only if it persists. If the
/// store does not respond, or is overloaded, the trial ends.
/// </summary>
internal sealed class ProbeRequests(LocalStore store)
{
    /// <summary>How often the store must return an error of its own before it is believed.</summary>
    public const int Attempts = 3;

    private const int LongestAnswer = 16 << 10;

    /// <summary>The bytes of every small object of the trial.</summary>
    public static readonly byte[] Content = "tried by s3overlay"u8.ToArray();

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>What may be there, to be taken away at last.</summary>
    private readonly HashSet<string> _kept = [];

    /// <summary>Uploads that were started, and their ids as queries have them.</summary>
    private readonly List<(string Name, string Query)> _started = [];

    /// <summary>Two proxies may try at the same time.</summary>
    private readonly string _folder = $"p/{Guid.NewGuid():n}/";

    /// <summary>The bucket that it is tried in.</summary>
    public string Bucket => store.CacheBucket;

    /// <summary>A store's clock.</summary>
    public TimeProvider Time => store.Time;

    /// <summary>An object that is there from the beginning.</summary>
    public string First => Named("first");

    /// <summary>Another one.</summary>
    public string Second => Named("second");

    /// <summary>The key of an object of this trial alone.</summary>
    public string Named(string name) => _folder + name;

    /// <summary>Puts an object that must be there for what is tried next.</summary>
    /// <exception cref="S3Exception">The store does not take it.</exception>
    public Task KeepAsync(string name, CancellationToken cancellationToken)
    {
        NoteKept(name);
        return store.PutAsync(name, WireBody.Of(Content), cancellationToken);
    }

    /// <summary>An object may be there from now on.</summary>
    public void NoteKept(string name)
    {
        lock (_kept)
        {
            _kept.Add(name);
        }
    }

    /// <summary>It is known not to be.</summary>
    public void NoteGone(string name)
    {
        lock (_kept)
        {
            _kept.Remove(name);
        }
    }

    /// <summary>An upload may be there from now on.</summary>
    /// <param name="name">Of which object.</param>
    /// <param name="query">What names it in a request.</param>
    public void NoteStarted(string name, string query) => _started.Add((name, query));

    /// <summary>Takes away what was put there. What cannot be taken away is a few bytes.</summary>
    public async Task CleanAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var (name, query) in _started)
            {
                // One that has been completed after all is not there.
                await SendAsync(new WireRequest("DELETE", Bucket, name, query), cancellationToken);
            }

            foreach (var name in _kept)
            {
                await store.Calls.DeleteAsync(Bucket, name, cancellationToken);
            }
        }
        catch (Exception failure) when (failure is S3Exception or OperationCanceledException)
        {
            // The run has said why, or will be made again.
        }
    }

    /// <summary>Puts an object under a condition.</summary>
    /// <param name="name">Its key.</param>
    /// <param name="header">The condition's header.</param>
    /// <param name="value">Its value.</param>
    /// <param name="cancellationToken">The end of the trial.</param>
    /// <param name="body">Its bytes; null for the usual ones.</param>
    /// <param name="asksFirst">Whether none of them is sent before the store has seen the headers.</param>
    public Task<ProbeResponse> PutAsync(string name, string header, string value, CancellationToken cancellationToken,
        WireBody? body = null, bool asksFirst = false)
    {
        NoteKept(name);
        return SendAsync(new WireRequest("PUT", Bucket, name, "", [new(header, value)]) { Body = body
            ?? WireBody.Of(Content), AsksFirst = asksFirst }, cancellationToken);
    }

    /// <summary>The ETag of an object that was just written.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable where the store does not have it.</exception>
    public async Task<string> ETagAsync(string name, CancellationToken cancellationToken)
    {
        using var response = await store.Calls.SendAsync(new WireRequest("HEAD", Bucket, name), cancellationToken);
        return response.Header("ETag") ?? throw new S3Exception(S3Errors.ServiceUnavailable,
            $"The local store answered HEAD of an object just written with {response.Status}.");
    }

    /// <summary>Whether an object is there.</summary>
    public Task<bool> ExistsAsync(string name, CancellationToken cancellationToken) =>
        store.Calls.ExistsAsync(Bucket, name, cancellationToken);

    /// <summary>Looks at an object, whatever comes of it.</summary>
    public Task<WireResponse> LookAsync(string name, CancellationToken cancellationToken) =>
        store.Calls.SendAsync(new WireRequest("HEAD", Bucket, name), cancellationToken);

    /// <summary>
    /// Sends a request. A 500 counts against the feature only if the store accepts a plain write and still returns it. A 409 may be caused
    /// by the trial's own earlier attempt, whose response was lost.
    /// </summary>
    public async Task<ProbeResponse> SendAsync(WireRequest request, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var response = await SendOnceAsync(request with { TakesInternalError = true }, cancellationToken);
            if (!response.MayPass || attempt == Attempts)
            {
                return response with { IsAgain = attempt > 1 };
            }

            await Task.Delay(Pause * attempt, Time, cancellationToken);
            await KeepAsync(Named("well"), cancellationToken);
        }
    }

    private async Task<ProbeResponse> SendOnceAsync(WireRequest request, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await store.Calls.SendAsync(request, cancellationToken);
            return new ProbeResponse(response.Status, response.Header("ETag") ?? "", response.Header("Content-Encoding") ?? "",
                await store.Calls.ReadAsync(response, LongestAnswer, cancellationToken));
        }
        catch (S3Exception failure) when (failure.InnerException is RemoteException { Status: 501 or 505 } refused)
        {
            return new ProbeResponse(refused.Status, "", "", []);
        }
    }
}

/// <summary>What came of one request of the trial.</summary>
/// <param name="Status">The status.</param>
/// <param name="ETag">The ETag, or the empty string.</param>
/// <param name="Encoding">Content-Encoding, or the empty string.</param>
/// <param name="Body">The document or object.</param>
internal sealed record ProbeResponse(int Status, string ETag, string Encoding, byte[] Body)
{
    /// <summary>Whether there was another answer before it, which was not believed.</summary>
    public bool IsAgain { get; init; }

    /// <summary>Whether what was asked is done.</summary>
    public bool IsTaken => this is { Status: < 300, Code: "" };

    /// <summary>Whether it may be another a moment later. An error of the store's own may come with a 200, too.</summary>
    public bool MayPass => Status is 409 or 500 || Code is "InternalError" or "ServiceUnavailable" or "SlowDown";

    /// <summary>The code of the error document, also of one that came with a 200; else the empty string.</summary>
    public string Code => Root() is { Name.LocalName: "Error" } error ? error.Elements()
        .FirstOrDefault(e => e.Name.LocalName == "Code")?.Value ?? "?" : "";

    /// <summary>The text of an element of the document; null where there is none.</summary>
    public string? Text(string element) => Root()?.Descendants().FirstOrDefault(e => e.Name.LocalName == element)?.Value;

    private XElement? Root()
    {
        try
        {
            using var reader = XmlReader.Create(new MemoryStream(Body),
                new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
            return XElement.Load(reader);
        }
        catch (XmlException)
        {
            return null;
        }
    }
}
