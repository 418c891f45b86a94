using System.Security.Cryptography;

using Microsoft.AspNetCore.Http;

namespace S3Overlay.WebConsole.Security;

/// <summary>What a browser may do with the console's responses.</summary>
internal sealed class SecurityHeaders(RequestDelegate next)
{
    private static readonly object NonceKey = new();

    /// <summary>The number that scripts of this response carry.</summary>
    public static string NonceOf(HttpContext context) => (string)context.Items[NonceKey]!;

    /// <summary>Serves a request.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        var nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(18));
        context.Items[NonceKey] = nonce;
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy(nonce, context.Request);
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";

        // Not even to the console itself: keys of objects are in its URLs. Its forms then say that their origin is null (AddressGuard).
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
        context.Response.OnStarting(static state =>
        {
            // Forms and assets say it themselves.
            var headers = ((HttpContext)state).Response.Headers;
            headers.CacheControl = headers.CacheControl.Count == 0 ? "no-store" : headers.CacheControl;
            return Task.CompletedTask;
        }, context);
        return next(context);
    }

    /// <summary>
    /// Scripts run with the nonce alone: no inline handler, no eval. Styles may be inline: components set the style attribute of elements
    /// (the width of a column, the length of a bar), which a nonce cannot allow.
    /// </summary>
    private static string Policy(string nonce, HttpRequest request)
    {
        var socket = request.IsHttps ? "wss" : "ws";
        return $"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
            + $"font-src 'self'; media-src 'self' blob:; connect-src 'self' {socket}://{request.Host.Value}; form-action 'self'; "
            + "base-uri 'self'; frame-ancestors 'none'";
    }
}
