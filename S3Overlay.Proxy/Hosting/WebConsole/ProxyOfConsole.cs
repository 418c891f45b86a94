using System.Security.Cryptography;
using System.Text;

using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Hosting.Commands;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.Proxy.Hosting.WebConsole;

/// <summary>
/// The proxy as its console sees it. Requests are signed with the key's own secret and enter at the front door, so they are authenticated
/// and authorised like any other. Loaded by the first request to the console.
/// </summary>
internal sealed class ProxyOfConsole(
    ProxyServices services, ProxyOptions options, Uri endpoint, SignInLinks links, Machine machine) : IProxy
{
    private readonly AccessRights _rights = services.Rights;
    private readonly InnerRequests _requests = new(services.FrontDoor, endpoint);
    private readonly string _region = options.Clients.Region ?? "us-east-1";

    /// <summary>Compared with where there is no key: an unknown key must not answer faster than a wrong secret.</summary>
    private readonly string _noSecret = RandomNumberGenerator.GetHexString(40);

    /// <inheritdoc/>
    public string Version => CommandLine.Version;

    /// <inheritdoc/>
    public Uri Endpoint => endpoint;

    /// <inheritdoc/>
    public TimeProvider Time => machine.Time;

    /// <inheritdoc/>
    public IReadOnlyList<string> Hosts => options.Clients.Hosts;

    /// <inheritdoc/>
    public bool IsSecretOf(string accessKey, string secret)
    {
        var isKnown = _rights.TryGetSecret(accessKey, out var known);

        // Hashes have the same length, so the time does not depend on the secret's.
        return CryptographicOperations.FixedTimeEquals(Hash(known ?? _noSecret), Hash(secret)) && isKnown;
    }

    /// <inheritdoc/>
    public ProxyKey? Find(string accessKey) => _rights.TryGetSecret(accessKey, out _)
        ? new(accessKey, _rights.MayAdminister(new S3Caller(accessKey))) : null;

    /// <inheritdoc/>
    public string? TakeLink(string token) => links.Take(token);

    /// <inheritdoc/>
    public Task<ProxyResponse> SendAsync(ProxyCaller caller, ProxyRequest request, CancellationToken cancellationToken)
    {
        List<KeyValuePair<string, string>> headers = [.. request.Headers];
        var payload = request.Body is null ? SigV4.EmptyPayload : SigV4.UnsignedPayload;
        headers.AddRange(SignerOf(caller).Sign(
            request.Method, endpoint.Authority, request.Path, request.Query,
            request.Headers.Where(static header => RequestSigner.MustSign(header.Key)), payload,
            machine.ClientTime.GetUtcNow()).Headers);
        return _requests.SendAsync(caller, request with { Headers = headers }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<long> SaveChangesAsync(
        ProxyCaller caller, ChangeScope scope, Stream archive, Action<SavedKey> saved, CancellationToken cancellationToken) =>
        new ChangeArchive((request, token) => SendAsync(caller, request, token)).WriteAsync(scope, archive, saved, cancellationToken);

    /// <inheritdoc/>
    public string Presign(ProxyCaller caller, Uri from, string path, string query, TimeSpan lifetime) =>
        from.GetLeftPart(UriPartial.Authority) + path + "?"
        + SignerOf(caller).Presign("GET", from.Authority, path, query, [], machine.ClientTime.GetUtcNow(), lifetime);

    /// <summary>Cancels requests that still run, and waits for their ends. There are no more after this.</summary>
    /// <param name="cut">Cancelled when they are not to be waited for any longer.</param>
    public Task StopAsync(CancellationToken cut) => _requests.StopAsync(cut);

    private RequestSigner SignerOf(ProxyCaller caller) => _rights.TryGetSecret(caller.AccessKey, out var secret)
        ? new(new SigningCredentials(caller.AccessKey, secret), _region) : throw new UnknownKeyException();

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
