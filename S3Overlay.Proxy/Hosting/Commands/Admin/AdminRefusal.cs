using System.Text.Json;

namespace S3Overlay.Proxy.Hosting.Commands.Admin;

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
