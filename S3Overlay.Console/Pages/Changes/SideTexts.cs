using System.Text;

using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Gateway.Documents;

namespace S3Overlay.WebConsole.Pages.Changes;

/// <summary>Reads the sides of a changed key as text.</summary>
internal sealed class SideTexts(ProxyGateway gateway, CancellationToken leaving)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads one.</summary>
    /// <param name="side">The side; null if there is no object, whose text is empty.</param>
    /// <param name="request">Asks for its bytes.</param>
    /// <returns>Null if it is no text, or longer than the side says.</returns>
    public async Task<string?> ReadAsync(SideDocument? side, ProxyRequest request)
    {
        if (side is null)
        {
            return "";
        }

        await using var response = await gateway.S3Async(request, leaving);
        var bytes = new byte[side.Version.Size + 1];
        var length = await response.Body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, leaving);
        try
        {
            return length == bytes.Length || bytes.AsSpan(0, length).Contains((byte)0) ? null : Utf8.GetString(bytes, 0, length);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
