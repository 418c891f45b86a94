using System.CommandLine;

using S3Overlay.Proxy.Administration.Commands.Archives;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Administration.Commands;

/// <summary>All commands for a running proxy.</summary>
internal static class AdministrationCommands
{
    /// <summary>The commands.</summary>
    public static IReadOnlyList<Command> Of(CommandContext context) => [.. New(context), OldNames(context)];

    private static CommandWithExamples[] New(CommandContext context) =>
    [
        new ChangesCommand(context),
        new DiffCommand(context),
        new RevertCommand(context),
        new ImportCommand(context),
        new ExplainCommand(context),
        new LsCommand(context),
        new CachedCommand(context),
        new ConsoleCommand(context),
        new StatsCommand(context),
        new TailCommand(context),
        new WarmCommand(context),
        new RecordCommand(context),
        new PinCommand(context),
        new UnpinCommand(context),
        new PinsCommand(context),
        new TombstonesCommand(context),
        new EvictCommand(context),
        new UndeleteCommand(context),
        new CompactCommand(context),
        new PromoteCommand(context),
    ];

    /// <summary><c>admin NAME</c>: where the commands were before. Not in the help.</summary>
    private static Command OldNames(CommandContext context)
    {
        var admin = new Command("admin", "The earlier place of the commands for a running proxy.") { Hidden = true };
        admin.Options.Add(ProxyCommand.EndpointOfAdmin);
        admin.Options.Add(ProxyCommand.JsonOfAdmin);
        foreach (var command in New(context))
        {
            if (command.Name is "evict" or "undelete")
            {
                command.Aliases.Add(command.Name == "evict" ? "drop" : "discard");
            }

            admin.Subcommands.Add(command);
        }

        return admin;
    }
}
