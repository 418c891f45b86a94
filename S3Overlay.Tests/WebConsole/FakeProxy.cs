using System.Text;
using System.Text.Json;

using Microsoft.AspNetCore.Http;

using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Gateway.Documents;

namespace S3Overlay.Tests.WebConsole;

/// <summary>A proxy that answers as a test wants, and the key that is signed in to it.</summary>
internal sealed class FakeProxy(TimeProvider time) : IProxy, ICaller
{
    /// <summary>The numbers of a proxy that has done nothing.</summary>
    private static readonly Dictionary<string, object> Documents = new()
    {
        ["stats"] = Stats(0),
        ["history"] = new HistoryDocument(10, []),
        ["status"] = new StatusDocument("1", "http://127.0.0.1:8000", "aws", new("", "/data", "", LayerHealth.Ok, null), [],
            new(false, "", null), new(0, 0, false)),
    };

    public string Version => "1";

    public Uri Endpoint => new("http://127.0.0.1:8000");

    public TimeProvider Time => time;

    public IReadOnlyList<string> Hosts => [];

    /// <summary>Requests so far.</summary>
    public int Requests { get; private set; }

    /// <summary>Answers a request with a status and a body, or throws.</summary>
    public Func<ProxyRequest, (int Status, Stream Body)> Answer { get; set; } = static request => (200, DocumentOf(request));

    /// <summary>Whether the proxy has the key.</summary>
    public bool HasKey { get; set; } = true;

    /// <summary>Whether the session was ended.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>The gateway of a page.</summary>
    public ProxyGateway Gateway => new(this, this);

    /// <summary>The document that a method returns.</summary>
    public static Stream DocumentOf(ProxyRequest request) => TextOf(
        JsonSerializer.Serialize(Documents[request.Path.Split('/')[^1]], ProxyJson.Options));

    public static StatsDocument Stats(long requests) => new(default, 0, new(requests, 0, 0, 0, 0), null, null, new(0, 0, 0, 0, 0, 0), 0, 0,
        null, 0, new(new(null, null), new(null, null), new(null, null)));

    public static Stream TextOf(string text) => new MemoryStream(Encoding.UTF8.GetBytes(text));

    public bool IsSecretOf(string accessKey, string secret) => false;

    public ProxyKey? Find(string accessKey) => HasKey ? new(accessKey, IsAdministrator: true) : null;

    public string? TakeLink(string token) => null;

    public Task<ProxyResponse> SendAsync(ProxyCaller caller, ProxyRequest request, CancellationToken cancellationToken)
    {
        Requests++;
        var (status, body) = Answer(request);
        return Task.FromResult(new ProxyResponse(status, new HeaderDictionary(), body, static () => { }));
    }

    public Task<long> SaveChangesAsync(
        ProxyCaller caller, ChangeScope scope, Stream archive, Action<SavedKey> saved, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public string Presign(ProxyCaller caller, Uri endpoint, string path, string query, TimeSpan lifetime) => "";

    public Task<ProxyCaller> CallerAsync() =>
        HasKey ? Task.FromResult(new ProxyCaller("key", null, IsSecure: false)) : throw new UnknownKeyException();

    public Task EndAsync()
    {
        HasEnded = true;
        return Task.CompletedTask;
    }
}
