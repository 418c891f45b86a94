using System.IO.Pipelines;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>A response written directly to the client's connection.</summary>
public sealed class KestrelResponse(HttpContext context) : S3Response
{
    private readonly HttpResponse _response = context.Response;

    /// <inheritdoc/>
    public override int Status
    {
        get => _response.StatusCode;
        set => _response.StatusCode = value;
    }

    /// <inheritdoc/>
    public override IHeaderDictionary Headers => _response.Headers;

    /// <inheritdoc/>
    public override bool HasStarted => _response.HasStarted || Sent > 0;

    /// <inheritdoc/>
    public override PipeWriter Body => _response.BodyWriter;

    /// <inheritdoc/>
    public override void Abort()
    {
        base.Abort();
        _response.HttpContext.Abort();
    }
}
