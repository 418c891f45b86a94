using System.Runtime.CompilerServices;
using System.Text.Json;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Hosting.Commands.Admin;

/// <summary>One line of a response.</summary>
/// <param name="Status">The response's status.</param>
/// <param name="Text">The line as received.</param>
/// <param name="Content">The line as JSON; null if it is not a JSON object, because another kind of server answered.</param>
internal readonly record struct AdminLine(int Status, string Text, JsonElement? Content);

/// <summary>Calls the administration of a running proxy.</summary>
internal sealed class AdminClient : IDisposable
{
    private static readonly UriCreationOptions AsItIs = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly Uri _endpoint;
    private readonly RequestSigner _signer;

    // The time-out is for the start of a response: a call may stream for longer.
    private readonly HttpClient _http =
        new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(10), AllowAutoRedirect = false, UseProxy = false })
    {
        Timeout = TimeSpan.FromMinutes(2),
    };

    public AdminClient(Uri endpoint, SigningCredentials credentials, string region) =>
        (_endpoint, _signer) = (endpoint, new RequestSigner(credentials, region));

    /// <summary>Returns the response line by line.</summary>
    /// <exception cref="HttpRequestException">The connection failed, or the response ended early.</exception>
    /// <exception cref="OperationCanceledException">The request timed out.</exception>
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

        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (await ReadLineAsync(reader, cancellationToken) is { } line)
        {
            yield return new AdminLine((int)response.StatusCode, line, Parse(line));
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
            throw new HttpRequestException("the response ended early", failure);
        }
    }

    /// <summary>Null if the line is not a JSON object: another kind of server answered.</summary>
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

/// <summary>The proxy refused a call, or could not finish it.</summary>
internal sealed class AdminRefusal(int status, string message) : Exception(message)
{
    public int Status { get; } = status;

    /// <summary>The content of a line that is not an error.</summary>
    /// <exception cref="AdminRefusal">The line is an error, or another kind of server sent it.</exception>
    public static JsonElement Check(AdminLine line)
    {
        if (line.Content is not { } content)
        {
            throw new AdminRefusal(line.Status, $"{line.Status}, without JSON. Is it another server?");
        }

        var error = content.Object("error") ?? (line.Status >= 400 ? content : null);
        return error is { } said
            ? throw new AdminRefusal(line.Status, $"{said.Text("code")}: {said.Text("message")} (request {said.Text("requestId")})")
            : content;
    }
}
