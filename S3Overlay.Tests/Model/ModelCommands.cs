using System.CommandLine;
using System.Text.Json;

using S3Overlay.Proxy.Administration.Commands;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Tests.Model;

/// <summary>Runs commands of the program in this process, on the clock of the model.</summary>
internal static class ModelCommands
{
    /// <summary>Runs a command with <c>--json</c>, and returns its exit code and the last line that it prints.</summary>
    public static Task<(int Code, JsonElement Last, string Errors)> RunAsync(ModelScene scene, params string[] line) =>
        scene.CommandAsync(async token =>
        {
            await using var output = new StringWriter();
            await using var errors = new StringWriter();
            var context = new CommandContext(new Screen(output, errors), _ => scene.Address);
            var command = AdministrationCommands.Of(context).First(command => command.Name == line[0]);
            var code = await command.Parse([.. line[1..], "--json"]).InvokeAsync(
                new InvocationConfiguration { Output = output, Error = errors }, token);
            var last = output.ToString().TrimEnd('\n').Split('\n')[^1];
            Expect.That(last.StartsWith('{'), $"{string.Join(' ', line)}: {code}, {last} {errors}");
            return (code, JsonDocument.Parse(last).RootElement.Clone(), errors.ToString());
        });
}
