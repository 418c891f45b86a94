using System.Text.Json;

namespace S3Overlay.Proxy.Hosting.Commands.Admin;

/// <summary>The proxy refused a call, or could not finish it.</summary>
internal sealed class AdminRefusal(int status, string message) : Exception(message)
{
    /// <summary>The HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>What a line says, where it is no error.</summary>
    /// <exception cref="AdminRefusal">It is one, or whoever answered is no S3Overlay.</exception>
    public static JsonElement Check(AdminLine line)
    {
        if (line.Content is not { } content)
        {
            throw new AdminRefusal(line.Status, $"{line.Status}, and nothing that S3Overlay would say. Is it another server?");
        }

        var error = content.Object("error") ?? (line.Status >= 400 ? content : null);
        return error is { } said
            ? throw new AdminRefusal(line.Status, $"{said.Text("code")}: {said.Text("message")} (request {said.Text("requestId")})")
            : content;
    }
}
