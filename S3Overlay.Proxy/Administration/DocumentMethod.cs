using System.Text.Json;

using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Administration;

/// <summary>A method that returns one JSON document.</summary>
internal abstract class DocumentMethod<T>(string verb, string name, string summary) : Method(verb, name, summary)
    where T : class
{
    /// <inheritdoc/>
    public override string ContentType => "application/json";

    /// <inheritdoc/>
    public override IReadOnlyList<Type> Responses => [typeof(T)];

    /// <inheritdoc/>
    public sealed override async Task<MethodOutcome> RunAsync(MethodCall call, CancellationToken cancellationToken)
    {
        var (document, result) = await GetAsync(call, cancellationToken);
        call.Response.Status = StatusCodes.Status200OK;
        call.Response.Headers.ContentType = ContentType;
        var bytes = JsonSerializer.SerializeToUtf8Bytes(document, document.GetType(), AdministrationJson.Options);
        await call.Response.WriteAsync((byte[])[.. bytes, (byte)'\n'], cancellationToken);
        return new MethodOutcome(result);
    }

    /// <summary>Makes the document.</summary>
    /// <returns>The document, and what it says in a few words for the log.</returns>
    protected abstract Task<(T Document, string Result)> GetAsync(MethodCall call, CancellationToken cancellationToken);
}
