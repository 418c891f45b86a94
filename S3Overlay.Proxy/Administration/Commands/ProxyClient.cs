using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Administration.Commands;

/// <summary>Where a proxy listens, and with which key to administer it.</summary>
/// <param name="Endpoint">Its URL.</param>
/// <param name="Credentials">A key that may administer.</param>
/// <param name="Region">The region to sign for.</param>
internal sealed record ProxyAddress(Uri Endpoint, SigningCredentials Credentials, string Region)
{
    /// <summary>The clock of signatures.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>Calls the methods of a running proxy.</summary>
internal sealed class ProxyClient(ProxyAddress proxy) : IDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);

    private static readonly UriCreationOptions AsItIs = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly RequestSigner _signer = new(proxy.Credentials, proxy.Region);

    private readonly HttpClient _http =
        new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(10), AllowAutoRedirect = false, UseProxy = false,
            RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1 })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>The proxy.</summary>
    public Uri Endpoint => proxy.Endpoint;

    /// <summary>Its address, with the key that administers it.</summary>
    public ProxyAddress Address => proxy;

    /// <summary>Returns a document.</summary>
    /// <exception cref="ProxyRefusal">The proxy refused the call.</exception>
    /// <exception cref="HttpRequestException">The connection failed, or the response ended early.</exception>
    public async Task<ProxyLine> GetAsync(string method, Parameters parameters, CancellationToken cancellationToken)
    {
        await foreach (var line in CallAsync("GET", method, parameters, null, cancellationToken))
        {
            return line;
        }

        throw EndedEarly();
    }

    /// <summary>Returns the items of a list.</summary>
    /// <exception cref="ProxyRefusal">The proxy refused the call, or could not finish it.</exception>
    /// <exception cref="HttpRequestException">The connection failed, or the list is not whole.</exception>
    public async IAsyncEnumerable<ProxyLine> ListAsync(
        string method, Parameters parameters, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var line in CallAsync("GET", method, parameters, null, cancellationToken))
        {
            if (line.IsDone is not null)
            {
                yield break;
            }

            yield return line;
        }

        throw EndedEarly();
    }

    /// <summary>Does long work.</summary>
    /// <param name="method">The method.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <param name="body">What to send; null for nothing.</param>
    /// <param name="progress">Gets each line before the last.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>The result.</returns>
    /// <exception cref="ProxyRefusal">The proxy refused the call, or could not finish it.</exception>
    /// <exception cref="HttpRequestException">The connection failed, or the response ended early.</exception>
    public async Task<ProxyLine> DoAsync(
        string method, Parameters parameters, Stream? body, Action<ProxyLine> progress, CancellationToken cancellationToken)
    {
        await foreach (var line in CallAsync("POST", method, parameters, body, cancellationToken))
        {
            if (line.IsDone == true)
            {
                return line;
            }

            progress(line);
        }

        throw EndedEarly();
    }

    /// <summary>Sends a body, or none, and returns the document of the response.</summary>
    /// <exception cref="ProxyRefusal">The proxy refused the call.</exception>
    /// <exception cref="HttpRequestException">The connection failed, or the response ended early.</exception>
    public async Task<ProxyLine> PostAsync(
        string method, Parameters parameters, Stream? body, long? length, CancellationToken cancellationToken)
    {
        await foreach (var line in CallAsync("POST", method, parameters, body, cancellationToken, length))
        {
            return line;
        }

        throw EndedEarly();
    }

    /// <summary>Opens the object that clients see at a key.</summary>
    /// <exception cref="ProxyRefusal">The proxy refused.</exception>
    public Task<Stream> OpenObjectAsync(string bucket, string key, CancellationToken cancellationToken) =>
        OpenAsync($"/{bucket}/{UriEncoding.EncodeKey(key)}", new Parameters(), cancellationToken);

    /// <summary>Opens a response that is no JSON.</summary>
    /// <exception cref="ProxyRefusal">The proxy refused.</exception>
    public async Task<Stream> OpenAsync(string path, Parameters parameters, CancellationToken cancellationToken)
    {
        var response = await SendAsync("GET", path, parameters, null, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            using (response)
            {
                throw new ProxyRefusal((int)response.StatusCode, $"{(int)response.StatusCode} for {path}");
            }
        }

        return await response.Content.ReadAsStreamAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>Sends an S3 request about an object.</summary>
    /// <param name="verb">The HTTP method.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">The key.</param>
    /// <param name="query">The query, encoded; empty for none.</param>
    /// <param name="body">The body with its SHA-256, which the proxy checks before it shows anything; null for none.</param>
    /// <param name="headers">Headers of the object.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The response, whatever its status. The caller disposes it.</returns>
    public Task<HttpResponseMessage> SendObjectAsync(
        string verb, string bucket, string key, string query, (Stream Bytes, string Sha256)? body,
        IReadOnlyCollection<KeyValuePair<string, string>> headers, CancellationToken cancellationToken) =>
        SendAsync(verb, $"/{bucket}/{UriEncoding.EncodeKey(key)}", query, body?.Bytes, body?.Sha256 ?? SigV4.EmptyPayload, headers,
            cancellationToken);

    /// <summary>Sends an S3 request about an object, without a body.</summary>
    /// <returns>The response, whatever its status. The caller disposes it.</returns>
    public Task<HttpResponseMessage> SendObjectAsync(
        string verb, string bucket, string key, string query, IReadOnlyCollection<KeyValuePair<string, string>> headers,
        CancellationToken cancellationToken) => SendObjectAsync(verb, bucket, key, query, null, headers, cancellationToken);

    private Task<HttpResponseMessage> SendAsync(
        string verb, string path, Parameters parameters, Stream? body, CancellationToken cancellationToken, long? length = null) =>
        SendAsync(
            verb, path, parameters.ToString(), body, body is null ? SigV4.EmptyPayload : SigV4.UnsignedPayload, [], cancellationToken,
            length);

    private async Task<HttpResponseMessage> SendAsync(
        string verb, string path, string query, Stream? body, string payloadHash,
        IReadOnlyCollection<KeyValuePair<string, string>> headers, CancellationToken cancellationToken, long? length = null)
    {
        var address = new Uri(proxy.Endpoint.GetLeftPart(UriPartial.Authority) + path + (query.Length == 0 ? "" : "?" + query), AsItIs);
        using var request = new HttpRequestMessage(new HttpMethod(verb), address);
        request.Content = body is null ? null : new StreamContent(body);
        if (length is not null)
        {
            request.Content!.Headers.ContentLength = length;
        }

        var signed = _signer.Sign(verb, proxy.Endpoint.Authority, path, query, headers, payloadHash, proxy.Time.GetUtcNow()).Headers;
        foreach (var header in signed.Concat(headers))
        {
            if (!request.Headers.TryAddWithoutValidation(header.Key, header.Value))
            {
                request.Content?.Headers.TryAddWithoutValidation(header.Key, header.Value);
            }
        }

        // For the start of the response, which may stream for longer. What is sent is read at the speed of the work.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(body is null ? StartLimit : Timeout.InfiniteTimeSpan);
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
    }

    private async IAsyncEnumerable<ProxyLine> CallAsync(
        string verb, string method, Parameters parameters, Stream? body, [EnumeratorCancellation] CancellationToken cancellationToken,
        long? length = null)
    {
        using var response = await SendAsync(verb, "/-/v1/" + method, parameters, body, cancellationToken, length);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (await ReadLineAsync(reader, cancellationToken) is { } line)
        {
            yield return ProxyLine.Parse((int)response.StatusCode, line);
        }
    }

    private static async Task<string?> ReadLineAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadLineAsync(cancellationToken);
        }
        catch (IOException failure)
        {
            throw new HttpRequestException("the response ended early", failure);
        }
    }

    private static HttpRequestException EndedEarly() => new("the response ended early");
}

/// <summary>The parameters of a call. Those that are null are not sent.</summary>
internal sealed class Parameters
{
    private readonly List<string> _sent = [];

    /// <summary>Adds a parameter unless its value is null.</summary>
    public Parameters With(string name, string? value)
    {
        if (value is not null)
        {
            _sent.Add($"{name}={UriEncoding.EncodeComponent(value)}");
        }

        return this;
    }

    /// <summary>Adds a parameter if it is true.</summary>
    public Parameters With(string name, bool value) => With(name, value ? "true" : null);

    /// <summary>Adds a target.</summary>
    public Parameters With(Target? target) =>
        With("bucket", target?.Bucket).With("key", target?.Key).With("prefix", target?.Prefix);

    /// <summary>The query, encoded.</summary>
    public override string ToString() => string.Join('&', _sent);
}

/// <summary>One line of a response that is not an error.</summary>
internal readonly record struct ProxyLine(string Text, JsonElement Json)
{
    /// <summary>True in a last line, false in a line of progress, null in an item.</summary>
    public bool? IsDone => Json.TryGetProperty("done", out var done) && done.ValueKind is JsonValueKind.True or JsonValueKind.False
        ? done.GetBoolean() : null;

    /// <summary>The line as a document.</summary>
    public T As<T>() => Json.Deserialize<T>(AdministrationJson.Options)!;

    /// <summary>Reads a line.</summary>
    /// <exception cref="ProxyRefusal">It is an error, or another kind of server sent it.</exception>
    public static ProxyLine Parse(int status, string line)
    {
        JsonElement json;
        try
        {
            using var document = JsonDocument.Parse(line);
            json = document.RootElement.Clone();
        }
        catch (JsonException)
        {
            throw new ProxyRefusal(status, $"{status}, without JSON. Is it another server?");
        }

        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new ProxyRefusal(status, $"{status}, without a JSON object. Is it another server?");
        }

        return json.TryGetProperty("error", out var error) ? throw ProxyRefusal.Of(status, error)
            : status >= 400 ? throw ProxyRefusal.Of(status, json)
            : new(line, json);
    }
}

/// <summary>The proxy refused a call, or could not finish it.</summary>
internal sealed class ProxyRefusal(int status, string message) : Exception(message)
{
    public int Status { get; } = status;

    /// <summary>The refusal in a JSON object.</summary>
    public static ProxyRefusal Of(int status, JsonElement error)
    {
        return new(status, $"{Member("code")}: {Member("message")} (request {Member("requestId")})");

        string Member(string name) => error.ValueKind == JsonValueKind.Object && error.TryGetProperty(name, out var value)
            && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
    }
}
