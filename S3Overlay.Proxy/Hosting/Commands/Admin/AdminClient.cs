using System.Runtime.CompilerServices;
using System.Text.Json;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Hosting.Commands.Admin;

/// <summary>Calls the administration of a running proxy.</summary>
internal sealed class AdminClient : IDisposable
{
    private static readonly UriCreationOptions AsItIs = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly Uri _endpoint;
    private readonly RequestSigner _signer;

    /// <summary>Answers begin within seconds; how long they go on is the call's own matter.</summary>
    private readonly HttpClient _http =
        new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(10), AllowAutoRedirect = false, UseProxy = false })
    {
        Timeout = TimeSpan.FromMinutes(2),
    };

    /// <summary>A client of the proxy at an endpoint.</summary>
    public AdminClient(Uri endpoint, SigningCredentials credentials, string region) =>
        (_endpoint, _signer) = (endpoint, new RequestSigner(credentials, region));

    /// <summary>Makes a call, and gives its answer line by line.</summary>
    /// <exception cref="HttpRequestException">The proxy is not there, or breaks off.</exception>
    /// <exception cref="OperationCanceledException">It does not answer.</exception>
    public async IAsyncEnumerable<AdminLine> CallAsync(
        string method, string call, IEnumerable<KeyValuePair<string, string>> parameters,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var path = "/-/v1/" + call;
        var query = string.Join('&', parameters.Select(parameter => $"{parameter.Key}={UriEncoding.EncodeComponent(parameter.Value)}"));
        var address = new Uri(_endpoint.GetLeftPart(UriPartial.Authority) + path + (query.Length == 0 ? "" : "?" + query), AsItIs);
        using var request = new HttpRequestMessage(new HttpMethod(method), address);
        foreach (var header in _signer.Sign(method, _endpoint.Authority, path, query, [], SigV4.EmptyPayload,
            DateTimeOffset.UtcNow).Headers)
        {
            request.Headers.TryAddWithoutValidation(header.Key, header.Value);
        }

        using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellationToken));
        while (await ReadLineAsync(reader, cancellationToken) is { } line)
        {
            yield return new AdminLine((int)answer.StatusCode, line, Parse(line));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static async Task<string?> ReadLineAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadLineAsync(cancellationToken);
        }
        catch (IOException failure)
        {
            throw new HttpRequestException("it broke off its answer", failure);
        }
    }

    /// <summary>What answers there may be no such proxy, and its page no JSON.</summary>
    private static JsonElement? Parse(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
