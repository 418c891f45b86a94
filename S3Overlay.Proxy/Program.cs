using S3Overlay.Proxy.Hosting;
using S3Overlay.Proxy.Hosting.Commands;
using S3Overlay.Proxy.Hosting.Commands.Admin;

// 1 What the runtime reads before the first socket exists.
ProcessSettings.Apply();

// 2 What to do: serving is what is done unless something else is named.
var line = CommandLine.Read(args);

// 3 Do it.
return line.Command switch
{
    "serve" => await ServeCommand.RunAsync(line.Options),
    "demo" => await DemoCommand.RunAsync(line.Options),
    "seed" => await SeedCommand.RunAsync(line.Options),
    "admin" => await new AdminCommand(Console.Out, Console.Error).RunAsync(line.Options),
    "doctor" => await new DoctorCommand(Console.Out, Console.Error).RunAsync(line.Options),
    "health" => await HealthCommand.RunAsync(line.Options),
    "help" => HelpCommand.Run(),
    "version" => VersionCommand.Run(),
    _ => HelpCommand.Refuse(line.Problem),
};
